"""The internal server of a worker process: its model's own routes, and those that load, unload and tell."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

import psutil
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ekiben.errors import EkibenError, ModelUnloaded
from ekiben.inference.protocol import ARRIVED, REQUEST_ID
from ekiben.settings import visible_devices
from ekiben.worker.http import error_response
from ekiben.worker.lifecycle import Lifecycle

# What operators' tools ask for every few seconds; it neither wakes an idle model nor keeps it awake.
_WATCHED: Final = frozenset({"/ready", "/metrics", "/statistics"})
_COMMANDS: Final = frozenset({"/load", "/unload", "/hand-back"})


class HostApp:
    """ASGI app around a model that may be loaded or not.

    Args:
        lifecycle: The model's.
        device: The place this process has.
        hand_back: Takes no more jobs, and hands back those that are here.
    """

    def __init__(self, lifecycle: Lifecycle[Any], device: str, hand_back: Callable[[], Awaitable[None]]) -> None:
        self._lifecycle, self._device, self._hand_back = lifecycle, device, hand_back
        self._process = psutil.Process(os.getpid())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        scope[ARRIVED] = time.monotonic()
        path = scope["path"]
        try:
            if path in _COMMANDS and scope["method"] == "POST":
                await self._command(path)
                await self._state()(scope, receive, send)
            elif path == "/state":
                await self._state()(scope, receive, send)
            elif path in _WATCHED:
                await self._watched(path)(_own(scope), receive, send)
            else:
                servable = await self._lifecycle.awake()
                with self._lifecycle.in_use():
                    await servable.asgi(_own(scope), receive, send)
        except EkibenError as error:
            request_id = Request(scope).headers.get(REQUEST_ID)
            await error_response(error, request_id)(scope, receive, send)

    async def _command(self, path: str) -> None:
        if path == "/hand-back":
            await self._hand_back()
        else:
            await (self._lifecycle.load() if path == "/load" else self._lifecycle.unload())

    def _watched(self, path: str) -> ASGIApp:
        loaded = self._lifecycle.loaded
        if loaded is not None:
            asgi: ASGIApp = loaded.asgi
            return asgi
        if path == "/statistics":
            raise ModelUnloaded("the model is not loaded; it has no statistics.")
        return Response(status_code=HTTPStatus.OK)  # Able to act, and nothing to count.

    def _state(self) -> Response:
        return JSONResponse(
            {
                "state": self._lifecycle.state.value,
                "device": self._device,
                "visible_devices": visible_devices(),
                "memory_bytes": self._process.memory_info().rss,
            }
        )


def _own(scope: Scope) -> Scope:
    """A copy for the servable: it puts itself into the scope, and the server keeps that while a connection is idle."""
    return dict(scope)
