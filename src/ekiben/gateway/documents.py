"""Small helpers of the routes: JSON in and out, and what the OpenAPI document says of both."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final, TypeVar

import orjson
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from ekiben.errors import InvalidRequest, UnsupportedMedia
from ekiben.schemas.errors import ErrorResponse
from ekiben.schemas.faults import fault
from ekiben.worker.http import read_body

M = TypeVar("M", bound=BaseModel)

# Parsing happens on the event loop; this much takes it about 10 ms.
MAX_JSON_BYTES: Final = 4 * 2**20

# Every route of a family can end in any of these.
ERROR_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": ErrorResponse, "description": description}
    for status, description in {
        400: "A value, shape or type that is not taken; `param` names it.",
        401: "No key, or one that is not known.",
        404: "No such model.",
        413: "A body, picture, text or list beyond its limit.",
        415: "A format that is not read.",
        429: "Too much work; `Retry-After` says when to come back.",
        500: "A defect; the log has the story under the request id.",
        503: "Shutting down, or no worker is there.",
        504: "The deadline passed.",
    }.items()
}


async def read_json(request: Request, model: type[M], max_bytes: int, *, max_json_bytes: int = MAX_JSON_BYTES) -> M:
    """Read and check a JSON body.

    Raises:
        UnsupportedMedia: The content type is not application/json.
        InvalidRequest: Not JSON, nested too deep, or not as the model says; `param` names the field.
        PayloadTooLarge: Longer than `max_bytes` or `max_json_bytes`.
    """
    stated = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if stated != "application/json":
        # Also what keeps a web page elsewhere from posting here: this type makes browsers ask first.
        raise UnsupportedMedia(
            f"content-type is {stated[:100] or 'missing'}; send application/json.", param="content-type"
        )
    body = await read_body(request, min(max_bytes, max_json_bytes))
    if not body:
        raise InvalidRequest("the body is empty; send a JSON object.")
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise fault(error) from None


def json_response(content: object, headers: dict[str, str] | None = None) -> Response:
    """Any JSON-able content, NumPy arrays included."""
    body = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(body, headers=headers, media_type="application/json")


def model_response(content: BaseModel, status: int = 200) -> Response:
    """A pydantic model as JSON."""
    return Response(content.model_dump_json(), status, media_type="application/json")


class PlainRoute(APIRoute):
    """A route whose function takes the request alone and answers it: FastAPI documents it and stays out of the way."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The function itself."""
        handler: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return handler


def json_body(model: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    """The `openapi_extra` of a route that reads `model` itself.

    FastAPI would parse with the standard library's json and validate in a second pass; reading ourselves is several
    times faster and keeps one error shape.
    """
    content = {"application/json": {"schema": _schema(model), "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def form_body(model: type[BaseModel], files: dict[str, Any], required: Iterable[str]) -> dict[str, Any]:
    """The `openapi_extra` of a route that reads a form: the fields of `model`, and files."""
    schema = _schema(model)
    schema["properties"] = {**files, **schema["properties"]}
    schema["required"] = [*required, *schema["required"]]
    # Lists and objects travel in a form as JSON.
    encoding = {"adapters": {"contentType": "application/json"}} if "adapters" in schema["properties"] else {}
    content = {"multipart/form-data": {"schema": schema, "encoding": encoding}}
    return {"requestBody": {"required": True, "content": content}}


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    """A model's schema with its parts in place: the document's own list has those of responses alone."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})

    def placed(value: Any) -> Any:
        if isinstance(value, dict):
            named = str(value.get("$ref", "")).rpartition("/")[2]
            whole = {**parts[named], **{key: each for key, each in value.items() if key != "$ref"}} if named else value
            return {key: placed(each) for key, each in whole.items()}
        return [placed(each) for each in value] if isinstance(value, list) else value

    found: dict[str, Any] = placed(schema)
    return found
