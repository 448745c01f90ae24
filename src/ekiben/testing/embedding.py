"""A toy that embeds texts, and the card that the other toys' cards are made of."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ekiben.cards.card import Batch, Card, Inputs, Licence, Resources, Runtime, Source, Task
from ekiben.errors import InvalidRequest
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
