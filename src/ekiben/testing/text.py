"""A toy that writes text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ekiben.cards.card import Batch, Card, Generation, Inputs, Runtime, Source, Task
from ekiben.errors import ContextLengthExceeded, InvalidRequest, Overloaded
from ekiben.inference.generation import (
    Alternative,
    Event,
    Finish,
    GenerationRequest,
    Piece,
    TextStream,
    TokenLogprob,
)
from ekiben.testing.embedding import toy_card

FLOOD_PIECES: Final = 200
FLOOD_CHARACTERS: Final = 100_000


def toy_text_card(name: str = "toy-text", **changes: Any) -> Card:
    """A valid card of a model that writes text: two slots, one place to wait; `changes` replace its fields."""
    fields: dict[str, Any] = {
        "task": Task.TEXT_GENERATION,
        "folder": Path("models/text-generation"),
        "runtime": Runtime.LLAMA_CPP,
        "source": Source(files={"model.gguf": "file:model.gguf"}),
        "inputs": Inputs(max_items=4, max_characters=200),
        "generation": Generation(context_tokens=32, max_tokens=16),
        "batch": Batch(max_cost=8, max_items=2, max_queue_items=1),
    }
    return toy_card(name, **{**fields, **changes})


class ToyGenerator:
    """Writes the prompt's words again, one a piece, as many as `max_tokens` allows; a word is a token.

    Five words make trouble: `refuse` is refused when opened, `overloaded` fails before and `fail` after the first
    piece, `wait` waits there until `gate` is set, `flood` writes far more than any buffer holds.
    """

    def __init__(self) -> None:
        self.device = "cpu"
        self.ready = True
        self.gate = asyncio.Event()
        self.opened: list[GenerationRequest] = []
        self.closed = 0
        self.flooded = 0

    async def warm_up(self) -> None:
        """Nothing to warm."""

    async def prepare(self, request: GenerationRequest) -> GenerationRequest:
        """Fill in `max_tokens`; a prompt of more than 16 words is too long."""
        if len(request.text.split()) > 16:
            raise ContextLengthExceeded("too many words.", param="messages")
        return replace(request, max_tokens=request.max_tokens or 16)

    async def open(self, request: GenerationRequest) -> TextStream:
        """Begin."""
        if "refuse" in request.text:
            raise InvalidRequest("refused.", param="messages")
        self.opened.append(request)
        return _ToyStream(self, request)

    async def close(self) -> None:
        """Nothing to let go of."""


class _ToyStream:
    def __init__(self, toy: ToyGenerator, request: GenerationRequest) -> None:
        self._toy, self._request = toy, request

    async def __aiter__(self) -> AsyncIterator[Event]:
        words = self._request.text.split()
        if "overloaded" in words:
            raise Overloaded("no room.", retry_after_s=3)
        while "flood" in words and self._toy.flooded < FLOOD_PIECES:
            self._toy.flooded += 1
            yield Piece("x" * FLOOD_CHARACTERS)
        for index, word in enumerate(words[: self._request.max_tokens]):
            if index and word == "fail":
                raise RuntimeError("a secret of the model's")
            if index and word == "wait":
                await self._toy.gate.wait()
            logprobs = (TokenLogprob(Alternative(word, -1.0), (Alternative("x", -2.0),)),)
            yield Piece(word + " ", logprobs if self._request.top_logprobs is not None else ())
        written = min(len(words), self._request.max_tokens or 0)
        yield Finish("stop" if written == len(words) else "length", len(words), written)

    async def aclose(self) -> None:
        self._toy.closed += 1
