"""Text generation as a BentoML service: a model in this process, or one that a server elsewhere computes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import bentoml
from annotated_types import Len
from pydantic import BaseModel, Field

from ekiben.cards.card import Card, Task
from ekiben.devices.plan import Placement
from ekiben.inference.generation import GenerationRequest, Generator, Message, Piece, Sampling
from ekiben.runtimes.upstream_key import upstream_key
from ekiben.settings import Settings
from ekiben.worker.generation_servable import GenerationServable, loads
from ekiben.worker.host import ModelHost
from services.assembly import Hosted, assemble, in_bentomls_terms, options, weights_of


class Turn(BaseModel):
    """One message of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


Turns = Annotated[list[Turn], Len(min_length=1)]
MaxTokens = Annotated[int, Field(ge=1)] | None
Temperature = Annotated[float, Field(ge=0, le=2)] | None


def build(card: Card, place: Placement, settings: Settings) -> Any:
    """The BentoML service of one card."""
    weights = bentoml.models.BentoModel(card.tag) if card.has_weights else None
    generator = _upstream(card, settings) if weights is None else _local(card, weights_of(weights), place.threads)

    class TextGeneration(Hosted):
        """A chat in, what the model says next out."""

        host: ModelHost[GenerationServable]

        def __init__(self) -> None:
            self.host = ModelHost(card, loads(card, generator, settings), place, settings)

        @bentoml.api
        async def chat(
            self,
            messages: Turns,
            max_tokens: MaxTokens = None,
            temperature: Temperature = None,
            seed: int | None = None,
        ) -> str:
            """The whole answer."""
            wanted = _request(messages, max_tokens, temperature, seed, stream=False)
            return "".join([text async for text in self._texts(wanted)])

        @bentoml.api
        async def stream(
            self,
            messages: Turns,
            max_tokens: MaxTokens = None,
            temperature: Temperature = None,
            seed: int | None = None,
        ) -> AsyncIterator[str]:
            """The answer in pieces, as they are written."""
            async for text in self._texts(_request(messages, max_tokens, temperature, seed, stream=True)):
                yield text

        async def _texts(self, wanted: GenerationRequest) -> AsyncIterator[str]:
            with in_bentomls_terms():
                async with self.host.loaded() as servable:
                    async for event in servable.generate(wanted):
                        if isinstance(event, Piece):
                            yield event.text

    if weights is not None:
        TextGeneration.model = weights  # type: ignore[attr-defined]  # BentoML finds models by class attribute.
    return bentoml.service(**options(card))(TextGeneration)


def _local(card: Card, files: Callable[[], Path], threads: int) -> Callable[[], Generator]:
    def make() -> Generator:
        # Imported here: a machine that only passes requests on has no llama.cpp.
        from ekiben.runtimes.llama_cpp import LlamaCpp

        return LlamaCpp(card, files(), threads)

    return make


def _upstream(card: Card, settings: Settings) -> Callable[[], Generator]:
    def make() -> Generator:
        from ekiben.runtimes.openai_upstream import OpenAIUpstream

        # Looked up in the worker alone: whoever only imports this, to build a Bento of it, has no keys.
        return OpenAIUpstream(card, upstream_key(card, settings))

    return make


def _request(
    messages: list[Turn], max_tokens: int | None, temperature: float | None, seed: int | None, *, stream: bool
) -> GenerationRequest:
    return GenerationRequest(
        prompt=tuple(Message(turn.role, turn.content) for turn in messages),
        max_tokens=max_tokens,
        sampling=Sampling(temperature=temperature, seed=seed),
        stream=stream,
    )


TextGeneration = build(*assemble().alone(Task.TEXT_GENERATION))
