"""`POST /v1/images/classifications`: a picture as a form upload."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException
from starlette.responses import Response

from ekiben.cards.card import Task
from ekiben.errors import InvalidRequest, UnsupportedMedia
from ekiben.gateway.content import Piece
from ekiben.gateway.documents import ERROR_RESPONSES, PlainRoute, json_response
from ekiben.gateway.flow import Ask, answer
from ekiben.gateway.state import GatewayState
from ekiben.gateway.worker_client import Reply
from ekiben.inference.open_inference import decode_response, encode_request
from ekiben.inference.tensors import bytes_tensor
from ekiben.runtimes.classes import top_classes
from ekiben.schemas.classifications import ClassificationForm, ClassificationResponse
from ekiben.schemas.faults import fault

_MAX_FIELDS = 8
_MAX_FIELD_BYTES = 4_096
_FORM = f"Send one file, with a filename, as `image`; every other field holds at most {_MAX_FIELD_BYTES:,} bytes."

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["image"],
                    "properties": {
                        "image": {"type": "string", "format": "binary", "description": "JPEG, PNG or WebP"},
                        "model": {"type": "string", "maxLength": 200},
                        "top_k": {"type": "integer", "minimum": 1, "maximum": 100, "default": 5},
                    },
                }
            }
        },
    }
}


def router(gateway: GatewayState) -> APIRouter:
    """The route over this gateway."""
    routes = APIRouter(tags=["Images"], responses=ERROR_RESPONSES, route_class=PlainRoute)

    @routes.post(
        "/v1/images/classifications",
        summary="Classify a picture",
        response_model=ClassificationResponse,
        openapi_extra=_BODY,
    )
    async def classify_image(request: Request) -> Response:
        """The most likely labels of the picture, best first, each with its probability."""
        return await answer(gateway, request, lambda: _read(gateway, request))

    return routes


async def _read(gateway: GatewayState, request: Request) -> Ask:
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise UnsupportedMedia("send a form: content-type multipart/form-data with the file in `image`.")
    # The file's size is bounded by the edge; the other parts are small words.
    try:
        async with request.form(max_files=1, max_fields=_MAX_FIELDS, max_part_size=_MAX_FIELD_BYTES) as form:
            fields = _fields(form)
            picture = await _picture(form)
    except MultiPartException as error:
        raise InvalidRequest(f"the form cannot be read: {error.message} {_FORM}", param="image") from None
    return classification_ask(gateway, fields, picture)


def classification_ask(gateway: GatewayState, fields: ClassificationForm, picture: bytes) -> Ask:
    """A form's fields and its file, for the model that they name.

    Raises:
        ModelNotFound: No such model, or none that classifies.
    """
    card = gateway.card_of_task(fields.model, Task.IMAGE_CLASSIFICATION)
    encoded = encode_request({"image": bytes_tensor([picture])})

    def respond(reply: Reply) -> Response:
        return classification_response(gateway.labels[card.name], card.name, fields, reply)

    return Ask(card, encoded.body, encoded.header_length, respond, content=lambda: (Piece(picture, "image"),))


def _fields(form: FormData) -> ClassificationForm:
    values = {name: value for name, value in form.multi_items() if name != "image"}
    try:
        return ClassificationForm.model_validate(values)
    except ValidationError as error:
        raise fault(error) from None


async def _picture(form: FormData) -> bytes:
    upload = form.get("image")
    if not isinstance(upload, UploadFile):
        raise InvalidRequest("the form has no file `image`; upload the picture there.", param="image")
    picture = await upload.read()
    if not picture:
        raise InvalidRequest("image is an empty file.", param="image")
    return picture


def classification_response(
    labels: Sequence[str] | None, model: str, fields: ClassificationForm, reply: Reply
) -> Response:
    """A worker's answer as the caller wanted it; labels go with their model, and then numbers take their place."""
    probabilities = decode_response(reply.body, reply.header_length).outputs["probabilities"][0]
    labels = labels or [str(index) for index in range(len(probabilities))]
    best = top_classes(probabilities, labels, fields.top_k)
    data = [{"label": label, "score": score, "index": index} for index, label, score in best]
    return json_response({"object": "image.classification", "created": int(time.time()), "model": model, "data": data})
