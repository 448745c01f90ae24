"""What is said on a WebSocket; docs/images.md describes it for those who write the other end."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from ekiben.errors import EkibenError, InvalidRequest
from ekiben.gateway.call import Call
from ekiben.gateway.images.asking import ImagesAsk
from ekiben.gateway.images.conflation import Begun, Event
from ekiben.gateway.images.facts import facts_of, size_of
from ekiben.inference.image_generation import FinishedImage, ImagesEnd, Preview, Step
from ekiben.schemas.faults import fault
from ekiben.schemas.images import SocketImageRequest


@dataclass(frozen=True, slots=True)
class Cancel:
    """The request under way is not wanted any more."""


@dataclass(frozen=True, slots=True)
class Told:
    """A message to the other end: JSON and, where pictures are sent apart, the picture."""

    content: Mapping[str, object]
    picture: bytes | None = None

    @property
    def text(self) -> str:
        """The JSON."""
        return orjson.dumps(self.content).decode()


def read_message(text: str) -> SocketImageRequest | Cancel:
    """What the other end said; how long it may be is the server's protocol to say.

    Raises:
        InvalidRequest: It is not one of the messages there are; `param` names the field.
    """
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InvalidRequest("a message is a JSON object.") from None
    if content == {"type": "cancel"}:
        return Cancel()
    if isinstance(content, dict) and content.get("type", "generate") != "generate":
        raise InvalidRequest("type is generate, which may be left out, or cancel.", param="type")
    try:
        return SocketImageRequest.model_validate(content)
    except ValidationError as error:
        raise fault(error) from None


def queued(call: Call, ask: ImagesAsk) -> Told:
    """The request is taken, and what is drawn."""
    settings = ask.settings
    told = {"model": ask.card.name, "n": settings.n, "size": size_of(ask.settings), "seed": settings.seed}
    return Told({"type": "queued", "request_id": call.request_id, **told, "steps": settings.steps})


def cancelled(call: Call) -> Told:
    """The request was given up, as was wanted."""
    return Told({"type": "cancelled", "request_id": call.request_id})


def failed(error: EkibenError, request_id: str) -> Told:
    """The request, or a message, was refused or could not be finished."""
    told = {"status": error.status, "retry_after_s": error.retry_after_s}
    return Told({"type": "error", **error.payload(request_id), **told})


class Writer:
    """One request's events as messages.

    Args:
        call: The request.
        ask: The same, checked.
        is_binary: Whether pictures are sent apart.
    """

    def __init__(self, call: Call, ask: ImagesAsk, *, is_binary: bool) -> None:
        self._ask, self._is_binary = ask, is_binary
        self._id = {"request_id": call.request_id}

    def message(self, event: Event) -> Told:
        """An event as a message."""
        if isinstance(event, Begun):
            return Told({"type": "started", **self._id})
        if isinstance(event, Step):
            return Told({"type": "progress", **self._id, **_place(event)})
        if isinstance(event, Preview):
            return self._picture("preview", event.image, {**_place(event), "partial_image_index": event.number})
        if isinstance(event, FinishedImage):
            return self._picture("image", event.image, {"index": event.index, **facts_of(event.facts)})
        return Told({"type": "completed", **self._id, "timings_ms": _milliseconds(event)})

    def _picture(self, kind: str, image: bytes, fields: Mapping[str, Any]) -> Told:
        told = {"type": kind, **self._id, **fields, "output_format": self._ask.settings.output_format}
        if self._is_binary:
            return Told({**told, "bytes": len(image)}, image)
        return Told({**told, "b64_json": base64.b64encode(image).decode()})


def _place(event: Step | Preview) -> dict[str, int]:
    return {"index": event.index, "step": event.step, "steps": event.steps}


def _milliseconds(end: ImagesEnd) -> dict[str, float]:
    return {name: round(seconds * 1_000, 3) for name, seconds in end.stages.items()}
