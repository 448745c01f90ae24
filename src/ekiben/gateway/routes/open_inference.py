"""`/v2`: the Open Inference Protocol over HTTP, binary tensors included.

Bodies pass through to the worker as they came: the worker checks them, and its errors keep their code.
"""

from __future__ import annotations

import asyncio
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from ekiben.cards.card import Card
from ekiben.errors import EkibenError, ModelNotFound, NotFound, Unavailable
from ekiben.gateway.call import call_of
from ekiben.gateway.content import Content, nothing, tensor_content
from ekiben.gateway.documents import ERROR_RESPONSES, json_response, model_response
from ekiben.gateway.flow import Ask, answer, authenticate
from ekiben.gateway.routes.tensor_schema import INFER_BODY, INFER_RESPONSE
from ekiben.gateway.state import GatewayState
from ekiben.gateway.statistics import total
from ekiben.gateway.worker_client import Reply, WorkerClient
from ekiben.inference.open_inference import decode_request, parse_header_length
from ekiben.inference.protocol import HEADER_LENGTH
from ekiben.schemas.open_inference import (
    ModelMetadata,
    ModelReady,
    ModelStatistics,
    ServerLive,
    ServerMetadata,
    ServerReady,
    StatisticsResponse,
)
from ekiben.version import __version__
from ekiben.worker.http import read_body

_EXTENSIONS: Final = ["binary_tensor_data", "statistics", "model_repository"]


def router(gateway: GatewayState) -> APIRouter:
    """The routes over this gateway."""
    routes = APIRouter(prefix="/v2", tags=["Open Inference Protocol"], responses=ERROR_RESPONSES)
    _server_routes(routes, gateway)
    _model_routes(routes, gateway)
    return routes


def _server_routes(routes: APIRouter, gateway: GatewayState) -> None:
    @routes.get("", summary="Server metadata", response_model=ServerMetadata)
    async def server_metadata(request: Request) -> Response:
        authenticate(gateway, request, call_of(request))
        return model_response(ServerMetadata(name="ekiben", version=__version__, extensions=_EXTENSIONS))

    @routes.get("/health/live", summary="Server liveness", response_model=ServerLive)
    async def server_live() -> Response:
        return model_response(ServerLive(live=True))

    @routes.get("/health/ready", summary="Server readiness", response_model=ServerReady)
    async def server_ready() -> Response:
        return model_response(ServerReady(ready=gateway.ready), 200 if gateway.ready else 503)

    @routes.get("/models/stats", summary="Statistics of every model", response_model=StatisticsResponse)
    async def all_statistics(request: Request) -> Response:
        authenticate(gateway, request, call_of(request))
        found = [await _statistics(gateway, card) for card in gateway.tensor_cards]
        return model_response(StatisticsResponse(model_stats=found))

    @routes.post("/repository/index", summary="Models and their state")
    async def repository_index(request: Request) -> Response:
        authenticate(gateway, request, call_of(request))
        return json_response([_index(gateway, card) for card in gateway.tensor_cards])


def _model_routes(routes: APIRouter, gateway: GatewayState) -> None:
    """Every route twice: a model by name, and one version of it."""
    for infix in ("/models/{model}", "/models/{model}/versions/{model_version}"):
        suffix = "_version" if "versions" in infix else ""

        @routes.get(infix, summary="Model metadata", response_model=ModelMetadata, name=f"model_metadata{suffix}")
        async def model_metadata(request: Request, model: str, model_version: str | None = None) -> Response:
            authenticate(gateway, request, call_of(request))
            card = _card(gateway, model, model_version)
            return Response(await _document(gateway, card, "/model"), media_type="application/json")

        @routes.get(
            f"{infix}/ready",
            summary="Model readiness",
            response_model=ModelReady,
            name=f"model_ready{suffix}",
        )
        async def model_ready(request: Request, model: str, model_version: str | None = None) -> Response:
            authenticate(gateway, request, call_of(request))
            card = _card(gateway, model, model_version)
            ready = bool(gateway.fleet.ready_workers(card.name))
            return model_response(ModelReady(name=card.name, ready=ready), 200 if ready else 503)

        @routes.get(
            f"{infix}/stats",
            summary="Model statistics",
            response_model=StatisticsResponse,
            name=f"model_stats{suffix}",
        )
        async def model_statistics(request: Request, model: str, model_version: str | None = None) -> Response:
            authenticate(gateway, request, call_of(request))
            card = _card(gateway, model, model_version)
            return model_response(StatisticsResponse(model_stats=[await _statistics(gateway, card)]))

        @routes.post(
            f"{infix}/infer",
            summary="Infer",
            name=f"model_infer{suffix}",
            openapi_extra=INFER_BODY,
            responses={200: INFER_RESPONSE},
        )
        async def model_infer(request: Request, model: str, model_version: str | None = None) -> Response:
            return await answer(gateway, request, lambda: _read(gateway, request, model, model_version))


async def _read(gateway: GatewayState, request: Request, model: str, model_version: str | None) -> Ask:
    card = _card(gateway, model, model_version)
    header_length = parse_header_length(request.headers.get(HEADER_LENGTH))
    body = await read_body(request, gateway.settings.max_body_bytes)

    def content() -> Content:
        return tensor_content(decode_request(body, header_length).inputs)

    # A moderation model is there to be asked about what a policy refuses.
    return Ask(card, body, header_length, _respond, content=nothing if card.moderation else content)


def _respond(reply: Reply) -> Response:
    headers = {HEADER_LENGTH: str(reply.header_length)} if reply.header_length is not None else {}
    return Response(reply.body, headers=headers, media_type=reply.headers.get("content-type", "application/json"))


def _card(gateway: GatewayState, model: str, model_version: str | None) -> Card:
    card = gateway.card(model)
    if not card.task.takes_tensors:
        raise ModelNotFound(f"{card.name} takes no tensors; ask it at /v1/chat/completions.", param="model")
    if model_version is not None and model_version != card.version:
        raise NotFound(f"{card.name} is served in version {card.version}.", param="model_version")
    return card


async def _document(gateway: GatewayState, card: Card, path: str) -> bytes:
    """The first ready worker's document; all workers of a model say the same."""
    for worker in gateway.fleet.ready_workers(card.name):
        return await worker.get(path)
    raise Unavailable(f"no worker of {card.name} is ready.", retry_after_s=1)


async def _statistics(gateway: GatewayState, card: Card) -> ModelStatistics:
    """The sum over the model's workers; a worker that does not answer is left out."""
    workers = gateway.fleet.ready_workers(card.name)
    found = await asyncio.gather(*(_statistics_of(worker) for worker in workers))
    return total(card.name, card.version, [report for report in found if report is not None])


async def _statistics_of(worker: WorkerClient) -> ModelStatistics | None:
    try:
        return ModelStatistics.model_validate_json(await worker.get("/statistics"))
    except EkibenError:
        return None


def _index(gateway: GatewayState, card: Card) -> dict[str, str]:
    ready = bool(gateway.fleet.ready_workers(card.name))
    return {
        "name": card.name,
        "version": card.version,
        "state": "READY" if ready else "UNAVAILABLE",
        "reason": "",
    }
