"""Moderation of texts and pictures as a BentoML service."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import bentoml
from annotated_types import Len
from bentoml.validators import ContentType

from ekiben.cards.card import Card, Task
from ekiben.devices.plan import Placement
from ekiben.inference.tensors import Tensors, bytes_tensor
from ekiben.runtimes.moderation.model import ModerationModel
from ekiben.runtimes.moderation.verdicts import verdicts
from ekiben.settings import Settings
from ekiben.worker.host import ModelHost
from ekiben.worker.tensor_servable import loads
from services.assembly import TensorHosted, assemble, options, weights_of


def build(card: Card, place: Placement, settings: Settings) -> Any:
    """The BentoML service of one card."""
    weights = bentoml.models.BentoModel(card.tag)

    def told(outputs: Tensors) -> list[dict[str, Any]]:
        return [
            {"flagged": each.flagged, "categories": dict(each.categories), "category_scores": dict(each.scores)}
            for each in verdicts(card, outputs)
        ]

    @bentoml.service(**options(card))
    class Moderation(TensorHosted):
        """Texts or a picture in; for each what it is flagged for, and a score per category."""

        model = weights

        def __init__(self) -> None:
            loader = loads(card, ModerationModel, weights_of(weights), place.threads, settings)
            self.host = ModelHost(card, loader, place, settings)

        @bentoml.api
        async def moderate(self, texts: Annotated[list[str], Len(min_length=1)]) -> list[dict[str, Any]]:
            """Judge each text: `flagged`, `categories` and `category_scores`."""
            return told(await self.infer(text=bytes_tensor([text.encode("utf-8", "replace") for text in texts])))

        @bentoml.api
        async def moderate_image(self, image: Annotated[Path, ContentType("image/*")]) -> dict[str, Any]:
            """Judge a picture in the same way."""
            outputs = await self.infer(image=bytes_tensor([await asyncio.to_thread(image.read_bytes)]))
            return told(outputs)[0]

    return Moderation


Moderation = build(*assemble().alone(Task.MODERATION))
