"""Picture classification as a BentoML service."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import bentoml
from bentoml.validators import ContentType
from pydantic import Field

from ekiben.cards.card import Card, Task
from ekiben.devices.plan import Placement
from ekiben.inference.tensors import bytes_tensor
from ekiben.runtimes.classes import read_labels, top_classes
from ekiben.runtimes.image_classification import ImageClassification as Runtime
from ekiben.settings import Settings
from ekiben.worker.host import ModelHost
from ekiben.worker.tensor_servable import loads
from services.assembly import TensorHosted, assemble, options, weights_of


def build(card: Card, place: Placement, settings: Settings) -> Any:
    """The BentoML service of one card."""
    weights = bentoml.models.BentoModel(card.tag)
    labels = read_labels(card)

    @bentoml.service(**options(card))
    class ImageClassification(TensorHosted):
        """A picture in, its most probable classes out."""

        model = weights

        def __init__(self) -> None:
            self.host = ModelHost(
                card, loads(card, Runtime, weights_of(weights), place.threads, settings), place, settings
            )

        @bentoml.api
        async def classify(
            self,
            image: Annotated[Path, ContentType("image/*")],
            top_k: Annotated[int, Field(ge=1, le=100)] = 5,
        ) -> list[dict[str, Any]]:
            """The `top_k` most probable classes: label, score and index, best first."""
            outputs = await self.infer(image=bytes_tensor([await asyncio.to_thread(image.read_bytes)]))
            best = top_classes(outputs["probabilities"][0], labels, top_k)
            return [{"label": label, "score": score, "index": index} for index, label, score in best]

    return ImageClassification


ImageClassification = build(*assemble().alone(Task.IMAGE_CLASSIFICATION))
