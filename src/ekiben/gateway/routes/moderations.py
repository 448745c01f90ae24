"""`POST /v1/moderations`, OpenAI's."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from ekiben.cards.card import Card, Task
from ekiben.cards.moderation import OPENAI_CATEGORIES
from ekiben.gateway.content import Content, Piece, parts_tensor
from ekiben.gateway.data_url import read_data_url
from ekiben.gateway.documents import ERROR_RESPONSES, PlainRoute, json_body, json_response, read_json
from ekiben.gateway.flow import Ask, answer
from ekiben.gateway.state import GatewayState
from ekiben.gateway.worker_client import Reply
from ekiben.inference.open_inference import decode_response, encode_request
from ekiben.runtimes.moderation.verdicts import Verdict, verdicts
from ekiben.schemas.moderations import DEFAULT_NAMES, ImagePart, ModerationRequest, ModerationResponse

_EXAMPLE: Final = {"input": ["Have a nice day.", "You stupid idiot."]}
# A picture in base64; parsing one long string takes a fraction of what as many bytes of small values would.
_MAX_JSON_BYTES: Final = 24 * 2**20


def router(gateway: GatewayState) -> APIRouter:
    """The route over this gateway."""
    routes = APIRouter(tags=["Moderations"], responses=ERROR_RESPONSES, route_class=PlainRoute)

    @routes.post(
        "/v1/moderations",
        summary="Judge texts and pictures",
        response_model=ModerationResponse,
        openapi_extra=json_body(ModerationRequest, _EXAMPLE),
    )
    async def create_moderation(request: Request) -> Response:
        """Whether each text, or a message of texts and pictures, is harmful, and in which way."""
        return await answer(gateway, request, lambda: _read(gateway, request))

    return routes


async def _read(gateway: GatewayState, request: Request) -> Ask:
    wanted = await read_json(
        request, ModerationRequest, gateway.settings.max_body_bytes, max_json_bytes=_MAX_JSON_BYTES
    )
    name = None if wanted.model in DEFAULT_NAMES and wanted.model not in gateway.cards else wanted.model
    card = gateway.card_of_task(name, Task.MODERATION)
    pieces = await asyncio.to_thread(_pieces, wanted) if _has_pictures(wanted) else _pieces(wanted)
    encoded = encode_request({"parts": parts_tensor(pieces)})

    def respond(reply: Reply) -> Response:
        return _respond(card, wanted, pieces, reply)

    return Ask(card, encoded.body, encoded.header_length, respond, items=len(pieces))


def _has_pictures(wanted: ModerationRequest) -> bool:
    return isinstance(wanted.input, list) and any(isinstance(part, ImagePart) for part in wanted.input)


def _pieces(wanted: ModerationRequest) -> Content:
    if isinstance(wanted.input, str):
        return (Piece(wanted.input, "input"),)
    return tuple(_piece(each, f"input[{index}]") for index, each in enumerate(wanted.input))


def _piece(part: Any, param: str) -> Piece:
    if isinstance(part, str):
        return Piece(part, param)
    if isinstance(part, ImagePart):
        return Piece(read_data_url(part.image_url.url, f"{param}.image_url.url"), param)
    return Piece(part.text, param)


def _respond(card: Card, wanted: ModerationRequest, pieces: Content, reply: Reply) -> Response:
    found = verdicts(card, decode_response(reply.body, reply.header_length).outputs)
    kinds = ["text" if isinstance(piece.content, str) else "image" for piece in pieces]
    together = isinstance(wanted.input, list) and not isinstance(wanted.input[0], str)
    if together:
        results = [_result(card, found, kinds)]
    else:
        results = [_result(card, [verdict], [kind]) for verdict, kind in zip(found, kinds, strict=True)]
    return json_response({"id": f"modr-{uuid.uuid4().hex}", "model": card.name, "results": results})


def _result(card: Card, found: Sequence[Verdict], kinds: Sequence[str]) -> dict[str, Any]:
    """One message's: the highest score of its parts; OpenAI's categories that this model does not know score 0."""
    names = dict.fromkeys([*OPENAI_CATEGORIES, *(card.moderation.categories if card.moderation else ())])
    judged = {kind: card.moderation.judged(kind) for kind in ("text", "image")} if card.moderation else {}
    return {
        "flagged": any(verdict.flagged for verdict in found),
        "categories": {name: any(verdict.categories.get(name, False) for verdict in found) for name in names},
        "category_scores": {name: max(verdict.scores.get(name, 0.0) for verdict in found) for name in names},
        "category_applied_input_types": {
            name: [kind for kind in ("text", "image") if kind in kinds and name in judged[kind]] for name in names
        },
    }
