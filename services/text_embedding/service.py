"""Text embeddings as a BentoML service."""

from __future__ import annotations

from typing import Annotated, Any

import bentoml
import numpy as np
from annotated_types import Len

from ekiben.cards.card import Card, Task
from ekiben.devices.plan import Placement
from ekiben.inference.tensors import bytes_tensor
from ekiben.runtimes.text_embedding import TextEmbedding as Runtime
from ekiben.settings import Settings
from ekiben.worker.host import ModelHost
from ekiben.worker.tensor_servable import loads
from services.assembly import TensorHosted, assemble, options, weights_of


def build(card: Card, place: Placement, settings: Settings) -> Any:
    """The BentoML service of one card."""
    weights = bentoml.models.BentoModel(card.tag)

    @bentoml.service(**options(card))
    class TextEmbedding(TensorHosted):
        """Sentences in, unit vectors out."""

        model = weights

        def __init__(self) -> None:
            self.host = ModelHost(
                card, loads(card, Runtime, weights_of(weights), place.threads, settings), place, settings
            )

        @bentoml.api
        async def embed(self, texts: Annotated[list[str], Len(min_length=1)]) -> np.ndarray:
            """Embed each text; returns float32 [n, dimensions]."""
            outputs = await self.infer(text=bytes_tensor([text.encode() for text in texts]))
            return outputs["embedding"]

    return TextEmbedding


TextEmbedding = build(*assemble().alone(Task.TEXT_EMBEDDING))
