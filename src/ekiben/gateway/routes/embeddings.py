"""`POST /v1/embeddings`, OpenAI's."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from starlette.responses import Response

from ekiben.cards.card import Card, Task
from ekiben.errors import InvalidRequest
from ekiben.gateway.content import Content, Piece
from ekiben.gateway.documents import ERROR_RESPONSES, PlainRoute, json_body, json_response, read_json
from ekiben.gateway.flow import Ask, answer
from ekiben.gateway.state import GatewayState
from ekiben.gateway.worker_client import Reply
from ekiben.inference.open_inference import decode_response, encode_request
from ekiben.inference.tensors import Tensor, bytes_tensor
from ekiben.schemas.embeddings import EmbeddingsRequest, EmbeddingsResponse

_EXAMPLE = {"model": "all-minilm-l6-v2", "input": ["A cat sat on the mat.", "A kitten rested on the rug."]}


def router(gateway: GatewayState) -> APIRouter:
    """The route over this gateway."""
    routes = APIRouter(tags=["Embeddings"], responses=ERROR_RESPONSES, route_class=PlainRoute)

    @routes.post(
        "/v1/embeddings",
        summary="Embed texts",
        response_model=EmbeddingsResponse,
        openapi_extra=json_body(EmbeddingsRequest, _EXAMPLE),
    )
    async def create_embeddings(request: Request) -> Response:
        """One unit vector a text, in their order; equal meanings point the same way."""
        return await answer(gateway, request, lambda: _read(gateway, request))

    return routes


async def _read(gateway: GatewayState, request: Request) -> Ask:
    return embeddings_ask(gateway, await read_json(request, EmbeddingsRequest, gateway.settings.max_body_bytes))


def embeddings_ask(gateway: GatewayState, wanted: EmbeddingsRequest) -> Ask:
    """A request's body, checked against the model's card.

    Raises:
        ModelNotFound: No such model, or none that embeds.
        InvalidRequest: It asks for what the model does not give.
    """
    card = gateway.card_of_task(wanted.model, Task.TEXT_EMBEDDING)
    _check_dimensions(wanted.dimensions, card)
    texts = bytes_tensor([text.encode("utf-8", "replace") for text in wanted.texts])
    encoded = encode_request({"text": texts})

    def respond(reply: Reply) -> Response:
        return embeddings_response(card.name, wanted, reply)

    def content() -> Content:
        return tuple(Piece(text, _param(wanted, index)) for index, text in enumerate(wanted.texts))

    return Ask(card, encoded.body, encoded.header_length, respond, items=len(texts), content=content)


def _param(wanted: EmbeddingsRequest, index: int) -> str:
    return "input" if isinstance(wanted.input, str) else f"input[{index}]"


def embeddings_response(model: str, wanted: EmbeddingsRequest, reply: Reply) -> Response:
    """A worker's answer as the caller wanted it, whether or not its model is still served."""
    outputs = decode_response(reply.body, reply.header_length).outputs
    write = _base64 if wanted.encoding_format == "base64" else _floats
    tokens = int(outputs["tokens"].sum())
    data = [
        {"object": "embedding", "index": index, "embedding": write(row)}
        for index, row in enumerate(outputs["embedding"])
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return json_response({"object": "list", "data": data, "model": model, "usage": usage})


def _floats(row: Tensor) -> Any:
    return np.ascontiguousarray(row)


def _base64(row: Tensor) -> str:
    return base64.b64encode(row.astype("<f4", copy=False).tobytes()).decode()


def _check_dimensions(wanted: int | None, card: Card) -> None:
    given = card.inputs.dimensions
    if wanted is not None and wanted != given:
        raise InvalidRequest(
            f"{card.name} gives {given} dimensions and cannot be shortened; leave dimensions out.",
            param="dimensions",
        )
