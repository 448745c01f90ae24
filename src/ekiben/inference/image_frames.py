"""Image generation between gateway and worker: a request and its events, each as frames.

request     {"settings": {...}, "image": n, "mask": n}       then image and mask, joined
events      {"event": "step", "index": 0, "step": 3, "steps": 20}
            {"event": "preview", "index": 0, "number": 0, "step": 5, "steps": 20}   and the file
            {"event": "image", "index": 0, "facts": {...}}   and the file
            {"event": "end", "stages": {...}}                the last one
            {"error": {...}, "status": 500, "request_id": …} the last one instead, when it fails under way
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from ekiben.errors import EkibenError, InvalidRequest, from_payload
from ekiben.inference.frames import Frame, FrameReader, encode_frame
from ekiben.inference.image_generation import (
    Facts,
    FinishedImage,
    ImageEvent,
    ImageGenerationRequest,
    ImagesEnd,
    ImageSettings,
    Preview,
    Step,
)

_SETTINGS: TypeAdapter[ImageSettings] = TypeAdapter(ImageSettings)
_FACTS: TypeAdapter[Facts] = TypeAdapter(Facts)


def encode_request(request: ImageGenerationRequest) -> bytes:
    """A request as the body of `POST /images`."""
    image, mask = request.image or b"", request.mask or b""
    content = {"settings": asdict(request.settings), "image": len(image), "mask": len(mask)}
    return encode_frame(content, image + mask)


def settings_document(settings: ImageSettings) -> dict[str, Any]:
    """Settings as JSON has them, for a job's inline input."""
    document: dict[str, Any] = orjson.loads(orjson.dumps(settings))
    return document


def read_settings(document: Any) -> ImageSettings:
    """Read them back.

    Raises:
        InvalidRequest: These are none.
    """
    try:
        return _SETTINGS.validate_python(document)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        raise InvalidRequest(f"the body is not an image generation request: {fault['msg']}") from None


def decode_request(body: bytes) -> ImageGenerationRequest:
    """Read a body.

    Raises:
        InvalidRequest: It is not a request.
    """
    reader = FrameReader()
    frames = reader.feed(body)
    if len(frames) != 1 or not reader.is_between:
        raise InvalidRequest("the body is not one image generation request.")
    content, attached = frames[0].content, frames[0].attached
    settings = read_settings(content.get("settings"))
    image_bytes, mask_bytes = content.get("image"), content.get("mask")
    if type(image_bytes) is not int or type(mask_bytes) is not int or image_bytes + mask_bytes != len(attached):
        raise InvalidRequest("the body does not hold the files it says.")
    return ImageGenerationRequest(settings, attached[:image_bytes] or None, attached[image_bytes:] or None)


def encode_event(event: ImageEvent) -> bytes:
    """An event as a frame."""
    if isinstance(event, Step):
        return encode_frame({"event": "step", **asdict(event)})
    if isinstance(event, Preview):
        content = {"index": event.index, "number": event.number, "step": event.step, "steps": event.steps}
        return encode_frame({"event": "preview", **content}, event.image)
    if isinstance(event, FinishedImage):
        return encode_frame({"event": "image", "index": event.index, "facts": asdict(event.facts)}, event.image)
    return encode_frame({"event": "end", "stages": dict(event.stages)})


def encode_error(error: EkibenError, request_id: str | None) -> bytes:
    """An error as a frame; when to come back stands in it, since the headers are gone."""
    return encode_frame({**error.payload(request_id), "status": error.status, "retry_after_s": error.retry_after_s})


def decode_event(frame: Frame) -> ImageEvent:
    """Read a frame.

    Raises:
        EkibenError: The frame is one, or is none of this protocol.
    """
    content: Any = frame.content
    if "error" in content:
        raise from_payload(content.get("status", 500), content, retry_after_s=content.get("retry_after_s"))
    kind = content.get("event")
    if kind == "step":
        return Step(content["index"], content["step"], content["steps"])
    if kind == "preview":
        return Preview(content["index"], content["number"], content["step"], content["steps"], frame.attached)
    if kind == "image":
        return FinishedImage(content["index"], frame.attached, _FACTS.validate_python(content["facts"]))
    if kind == "end":
        return ImagesEnd(content["stages"])
    raise InvalidRequest("a frame is none of this protocol.")
