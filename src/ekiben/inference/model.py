"""The one page between serving and models.

A runtime implements `Model`. It knows nothing of HTTP, queues or other requests; the worker knows nothing of
tokenizers or pictures. Work flows through three calls:

    prepare   bytes or tensors of one request  → items      any thread, CPU only, raises InvalidRequest
    infer     a batch of items, chosen by cost → a row each  the device's one thread
    finish    the rows of one request          → tensors    any thread
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ekiben.cards.card import Card
from ekiben.inference.tensors import Signature, Tensors


@dataclass(frozen=True, slots=True)
class Item:
    """One unit of work for the device.

    Attributes:
        payload: What `infer` needs; opaque to everyone else.
        length: Size along the padded axis (tokens of a sentence); items of one batch are padded to the longest.
            Items without such an axis have length 1.
        shape_key: Only items with equal keys may share a batch.
    """

    payload: Any
    length: int = 1
    shape_key: Hashable = None


class Model(Protocol):
    """A loaded model."""

    card: Card
    signature: Signature
    device: str

    def is_light(self, inputs: Tensors) -> bool:
        """Whether `prepare` takes well under a millisecond, so that handing it to a thread would cost more."""

    def prepare(self, inputs: Tensors) -> Iterable[Item]:
        """Check and decode the rows of one request.

        Where that takes long, item by item as they are asked for: a request that nobody waits for any more is then
        left between two of them.

        Raises:
            InvalidRequest: Naming the field and the limit it broke.
        """

    def infer(self, payloads: Sequence[Any]) -> Sequence[Any]:
        """Run one batch; returns one result per payload, in order.

        Raises:
            DeviceOutOfMemory: The batch did not fit; a smaller one may.
        """

    def finish(self, items: Sequence[Item], results: Sequence[Any]) -> Tensors:
        """Join one request's results into the output tensors of `signature`."""

    def warm_up(self) -> None:
        """Run what a first request would otherwise pay for; called before readiness, on the device's thread."""
