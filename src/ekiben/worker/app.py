"""The worker's internal server: `ekiben.inference.protocol` over one engine."""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ekiben.errors import EkibenError, Internal, Unavailable
from ekiben.inference import protocol
from ekiben.inference.open_inference import (
    InferenceRequest,
    decode_request,
    encode_response,
    parse_header_length,
)
from ekiben.schemas.open_inference import ModelMetadata, TensorMetadata
from ekiben.worker.call_headers import deadline_of, priority_of
from ekiben.worker.engine import Answer, Engine
from ekiben.worker.http import error_response, read_body, unless_disconnected
from ekiben.worker.statistics import Statistics

_log = structlog.get_logger("ekiben.worker")

# Reading a larger body than this takes long enough for other requests to notice; it goes to a thread.
_INLINE_BODY_BYTES = 64 * 1024
# A device call beyond this is stuck: nothing this worker promises can still be kept.
_STUCK_AFTER_S = 120.0


class WorkerApp:
    """Answers the internal protocol for one engine.

    Args:
        engine: The model and its batcher.
        registry: This process's metrics.
        max_body_bytes: The largest body read.
    """

    def __init__(self, engine: Engine, registry: CollectorRegistry, *, max_body_bytes: int) -> None:
        self._engine = engine
        self._registry = registry
        self._max_body_bytes = max_body_bytes
        card = engine.model.card
        self._name, self._version = card.name, card.version
        self._statistics = Statistics(card.name, card.version)
        self.asgi = Starlette(
            routes=[
                Route("/infer", self._infer, methods=["POST"]),
                Route("/ready", self._ready),
                Route("/model", self._model),
                Route("/statistics", self._report),
                Route("/metrics", self._metrics),
            ]
        )

    @property
    def able(self) -> bool:
        """Whether the model is warm and its device is not stuck."""
        return self._engine.ready and self._engine.batcher.busy_for_s < _STUCK_AFTER_S

    async def _infer(self, request: Request) -> Response:
        """Read → run → write; the caller's departure cancels, an error keeps its code."""
        started = request.scope.get(protocol.ARRIVED, time.monotonic())
        request_id = request.headers.get(protocol.REQUEST_ID)
        try:
            body = await read_body(request, self._max_body_bytes)
            wanted = await self._decode(request, body)
            deadline, priority = deadline_of(request, started), priority_of(request)
            running = self._engine.infer(wanted.inputs, deadline=deadline, priority=priority)
            answer = await unless_disconnected(request, running)
            response = self._encode(wanted, answer, request_id)
        except ClientDisconnect:
            return Response(status_code=499)
        except EkibenError as error:
            self._statistics.failed(time.monotonic() - started)
            if isinstance(error, Internal):
                _log.error("request failed", request_id=request_id, model=self._name, exc_info=error)
            return error_response(error, request_id)
        except Exception:  # noqa: BLE001 - the last word: whatever happened, the caller gets an answer
            _log.exception("request failed", request_id=request_id, model=self._name)
            self._statistics.failed(time.monotonic() - started)
            return error_response(Internal("the model failed; the log has the reason."), request_id)
        self._statistics.succeeded(answer, time.monotonic() - started)
        return response

    async def _decode(self, request: Request, body: bytes) -> InferenceRequest:
        header_length = parse_header_length(request.headers.get(protocol.HEADER_LENGTH))
        if len(body) <= _INLINE_BODY_BYTES:
            return decode_request(body, header_length)
        return await asyncio.get_running_loop().run_in_executor(None, decode_request, body, header_length)

    def _encode(self, wanted: InferenceRequest, answer: Answer, request_id: str | None) -> Response:
        encoded = encode_response(
            self._name,
            self._version,
            answer.outputs,
            id=wanted.id,
            requested=wanted.outputs,
            binary_default=wanted.binary_output,
        )
        headers = {
            protocol.SERVER_TIMING: server_timing(answer),
            protocol.BATCH_ITEMS: str(answer.batch.batch_items),
        }
        if request_id:
            headers[protocol.REQUEST_ID] = request_id
        if encoded.header_length is None:
            return Response(encoded.body, headers=headers, media_type="application/json")
        headers[protocol.HEADER_LENGTH] = str(encoded.header_length)
        return Response(encoded.body, headers=headers, media_type="application/octet-stream")

    async def _ready(self, _: Request) -> Response:
        if self.able:
            return Response(status_code=HTTPStatus.OK)
        return error_response(Unavailable(f"{self._name} is not ready."), None)

    async def _model(self, _: Request) -> Response:
        signature, card = self._engine.model.signature, self._engine.model.card
        metadata = ModelMetadata(
            name=card.name,
            versions=[card.version],
            platform=f"{card.runtime}_{self._engine.model.device}",
            inputs=[TensorMetadata(name=s.name, datatype=s.datatype, shape=list(s.shape)) for s in signature.inputs],
            outputs=[TensorMetadata(name=s.name, datatype=s.datatype, shape=list(s.shape)) for s in signature.outputs],
        )
        return Response(metadata.model_dump_json(), media_type="application/json")

    async def _report(self, _: Request) -> Response:
        report = self._statistics.report(self._engine.executions)
        return Response(report.model_dump_json(), media_type="application/json")

    async def _metrics(self, _: Request) -> Response:
        return Response(generate_latest(self._registry), media_type="text/plain; version=0.0.4")


def server_timing(answer: Answer) -> str:
    """Where the request's time went, as the `Server-Timing` header writes it (milliseconds)."""
    stages = (
        ("prepare", answer.prepare_s),
        ("queue", answer.batch.queue_wait_s),
        ("compute", answer.batch.compute_s),
    )
    return ", ".join(f"{name};dur={seconds * 1_000:.3f}" for name, seconds in stages)
