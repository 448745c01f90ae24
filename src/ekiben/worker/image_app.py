"""The worker's internal server for a model that draws: `ekiben.inference.protocol` over one engine."""

from __future__ import annotations

import asyncio
import contextlib
import time
from http import HTTPStatus

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Send

from ekiben.errors import EkibenError, Internal, Unavailable
from ekiben.inference import protocol
from ekiben.inference.image_frames import decode_request, encode_error, encode_event
from ekiben.inference.image_generation import ImageGenerationRequest
from ekiben.worker.call_headers import deadline_of, priority_of
from ekiben.worker.connected import Connected, send_head, send_part
from ekiben.worker.http import error_response, read_body
from ekiben.worker.image_engine import ImageEngine

_log = structlog.get_logger("ekiben.worker")

_MEDIA_TYPE = "application/octet-stream"
# A caller who reads nothing any more is not waited for with an error's frame.
_GOODBYE_S = 1.0


class ImageApp:
    """Answers the internal protocol for one engine.

    Args:
        engine: The model.
        registry: This process's metrics.
        name: The model's, for log and errors.
        max_body_bytes: The largest body read.
    """

    def __init__(self, engine: ImageEngine, registry: CollectorRegistry, name: str, max_body_bytes: int) -> None:
        self._engine, self._registry, self._name = engine, registry, name
        self._max_body_bytes = max_body_bytes
        self.asgi = Starlette(
            routes=[
                Route("/images", self._images, methods=["POST"]),
                Route("/ready", self._ready),
                Route("/metrics", self._metrics),
            ]
        )

    async def _images(self, request: Request) -> Response:
        """Read, then write frame by frame; the caller's departure cancels every picture."""
        request_id = request.headers.get(protocol.REQUEST_ID)
        # Waiting for the model to load is part of the time that the caller allows.
        now = request.scope.get(protocol.ARRIVED, time.monotonic())
        try:
            wanted = decode_request(await read_body(request, self._max_body_bytes))
            answer = _Answer(self._engine, wanted, deadline_of(request, now), priority_of(request), request_id)
        except ClientDisconnect:
            return Response(status_code=499)
        except EkibenError as error:
            return error_response(error, request_id)
        return Connected(lambda send: answer.write(request, send))

    async def _ready(self, _: Request) -> Response:
        if self._engine.ready:
            return Response(status_code=HTTPStatus.OK)
        return error_response(Unavailable(f"{self._name} is not ready."), None)

    async def _metrics(self, _: Request) -> Response:
        return Response(generate_latest(self._registry), media_type="text/plain; version=0.0.4")


class _Answer:
    """One answer on its way: a status while nothing has been sent, a last frame after that."""

    def __init__(
        self,
        engine: ImageEngine,
        wanted: ImageGenerationRequest,
        deadline: float | None,
        priority: int,
        request_id: str | None,
    ) -> None:
        self._engine, self._wanted, self._request_id = engine, wanted, request_id
        self._deadline, self._priority = deadline, priority
        self._begun = False

    async def write(self, request: Request, send: Send) -> None:
        try:
            await self._frames(send)
        except EkibenError as error:
            self._tell(error)
            await self._fail(error, request, send)
        except Exception:  # noqa: BLE001 - the last word: whatever happened, the caller gets an answer
            _log.exception("request failed", request_id=self._request_id)
            await self._fail(Internal("the model failed; the log has the reason."), request, send)

    async def _frames(self, send: Send) -> None:
        running = self._engine.drawing(self._wanted, deadline=self._deadline, priority=self._priority)
        async with running as events:
            await send_head(send, _MEDIA_TYPE, {protocol.REQUEST_ID: self._request_id} if self._request_id else None)
            self._begun = True
            async for event in events:
                await send_part(send, encode_event(event))
        await send_part(send, b"", last=True)

    def _tell(self, error: EkibenError) -> None:
        """Log what is not the caller's doing."""
        if isinstance(error, Internal):
            _log.error("request failed", request_id=self._request_id, exc_info=error)
        elif isinstance(error, Unavailable):
            _log.warning("request failed", request_id=self._request_id, reason=error.message)

    async def _fail(self, error: EkibenError, request: Request, send: Send) -> None:
        if not self._begun:
            await error_response(error, self._request_id)(request.scope, request.receive, send)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_S):
                await send_part(send, encode_error(error, self._request_id), last=True)
