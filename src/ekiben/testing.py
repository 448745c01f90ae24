"""Toy models for tests: real enough for every layer, with answers a test can predict."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ekiben.cards.card import Batch, Card, Generation, Inputs, Licence, Resources, Runtime, Source, Task
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
from ekiben.inference.model import Item
from ekiben.inference.tensors import Signature, Tensors, TensorSpec


def toy_card(name: str = "toy", **changes: Any) -> Card:
    """A valid card of a text-embedding model with three dimensions; `changes` replace its fields."""
    fields: dict[str, Any] = {
        "name": name,
        "folder": Path("models/text-embedding"),
        "task": Task.TEXT_EMBEDDING,
        "runtime": Runtime.ONNXRUNTIME,
        "description": "A toy.",
        "version": "1.0.0",
        "source": Source(files={"model.onnx": "file:model.onnx"}),
        "licence": Licence(code="Apache-2.0", weights="Apache-2.0"),
        "precision": "fp32",
        "inputs": Inputs(max_items=8, max_tokens=64, dimensions=3),
        "batch": Batch(max_cost=256, max_items=8, max_wait_ms=0, max_queue_items=16),
        "resources": Resources(memory_gib=0.1),
    }
    return Card(**{**fields, **changes})


class ToyEmbedding:
    """Embeds a text as (its length, its first byte, its last byte), unscaled.

    Three words make trouble: a text that starts with `refuse` is refused when prepared, one with `poison` fails its
    batch, one with `wait` holds the device until `gate` is set.
    """

    def __init__(self, card: Card | None = None) -> None:
        self.card = card or toy_card()
        self.device = "cpu"
        self.signature = Signature(
            inputs=(TensorSpec("text", "BYTES", (-1,)),),
            outputs=(TensorSpec("embedding", "FP32", (-1, 3)), TensorSpec("tokens", "INT64", (-1,))),
        )
        self.gate = threading.Event()
        self.waiting = threading.Event()
        self.batches: list[list[bytes]] = []

    def is_light(self, inputs: Tensors) -> bool:
        """As many texts as it takes: more than one goes to a thread, so that tests see both ways."""
        return all(len(tensor) == 1 for tensor in inputs.values())

    def prepare(self, inputs: Tensors) -> Sequence[Item]:
        """Take each text as it is; its length is its cost."""
        texts = [bytes(text) for text in inputs["text"]]
        for index, text in enumerate(texts):
            if text.startswith(b"refuse"):
                raise InvalidRequest(f"input[{index}] is refused.", param=f"input[{index}]")
        return [Item(text, length=max(1, len(text))) for text in texts]

    def infer(self, payloads: Sequence[Any]) -> Sequence[Any]:
        """Answer a batch, after the trouble it asks for."""
        self.batches.append(list(payloads))
        if any(b"wait" in text for text in payloads):
            self.waiting.set()
            self.gate.wait(30)
        if any(b"poison" in text for text in payloads):
            raise RuntimeError("poisoned")
        return [np.array([len(text), text[0], text[-1]], dtype=np.float32) for text in payloads]

    def finish(self, items: Sequence[Item], results: Sequence[Any]) -> Tensors:
        """`embedding` FP32 [n, 3] and `tokens` INT64 [n]."""
        return {
            "embedding": np.stack(results),
            "tokens": np.array([item.length for item in items], dtype=np.int64),
        }

    def warm_up(self) -> None:
        """Nothing to warm."""


FLOOD_PIECES, FLOOD_CHARACTERS = 200, 100_000


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
