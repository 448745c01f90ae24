"""Requests for pictures, one after another, on a WebSocket.

idle ─ a request ─► checked ─► drawn ─► told as it goes ─► idle
                                 └─ cancel, or the other end closes ─► stopped within a step
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from ekiben.errors import EkibenError, InvalidRequest
from ekiben.gateway.accounting import CLIENT_CLOSED
from ekiben.gateway.call import Call
from ekiben.gateway.images.asking import checked_ask
from ekiben.gateway.images.drawing import drawing
from ekiben.gateway.images.socket_door import principal_of
from ekiben.gateway.images.socket_messages import Cancel, Told, Writer, cancelled, failed, queued, read_message
from ekiben.gateway.state import GatewayState
from ekiben.inference.image_generation import ImagesEnd
from ekiben.schemas.images import SocketImageRequest

# A reader who takes nothing for so long will not take the rest either.
_STALLED_S: Final = 60.0
_NORMAL, _GOING_AWAY, _UNSUPPORTED = 1000, 1001, 1003
# It draws what `/v1/images/generations` draws: one line in a moderation policy is about both.
_POLICY_ROUTE: Final = "/v1/images/generations"


class ImageSocket:
    """One socket that was let in.

    Args:
        gateway: What it asks.
        socket: The socket.
        opened: The call that opened it.
        account: Told of every request that ended, and its status.
    """

    def __init__(
        self, gateway: GatewayState, socket: WebSocket, opened: Call, account: Callable[[Call, int], None]
    ) -> None:
        self._gateway, self._socket, self._opened, self._account = gateway, socket, opened, account
        self._sending = asyncio.Lock()

    async def serve(self) -> None:
        """Answer until the other end leaves, or says nothing for too long.

        Raises:
            WebSocketDisconnect: The other end left.
        """
        try:
            while True:
                async with asyncio.timeout(self._gateway.settings.socket_idle_s):
                    text = await self._receive()
                asked = await self._read(text)
                if isinstance(asked, SocketImageRequest):
                    await self._answer(asked)
                if self._gateway.admission.draining:
                    await self._socket.close(_GOING_AWAY, "shutting down")
                    return
        except TimeoutError:
            await self._socket.close(_NORMAL, "idle")

    async def _answer(self, asked: SocketImageRequest) -> None:
        """Take a request, and tell of it to its end."""
        call, status = self._new_call(), CLIENT_CLOSED
        try:
            with self._gateway.admission.admitted():
                # Again for each request: a key may have been taken back while the socket was open.
                call.principal = principal_of(self._gateway, self._socket)
                status = await self._draw_and_listen(call, asked)
        except EkibenError as error:
            status, call.notes["error"] = error.status, error.code
            await self._send(failed(error, call.request_id))
        except WebSocketDisconnect:
            raise
        except Exception:
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            raise
        finally:
            self._account(call, status)

    async def _draw_and_listen(self, call: Call, asked: SocketImageRequest) -> int:
        """Draw until it is done, or called off; returns the status that HTTP would have had.

        Raises:
            EkibenError: The request is refused, or could not be finished.
        """
        task = asyncio.create_task(self._draw(call, asked))
        try:
            is_finished = await self._is_finished(task)
            last = task.result() if is_finished else cancelled(call)
            await _stop(task)
            # Once the other end has read it, the next request may come.
            await self._send(last)
        finally:
            await _stop(task)
        return HTTPStatus.OK.value if is_finished else CLIENT_CLOSED

    async def _is_finished(self, task: asyncio.Task[Told]) -> bool:
        """Listen until the task is done; returns whether it was not called off before."""
        while not task.done():
            receiving = asyncio.ensure_future(self._receive())
            try:
                await asyncio.wait((task, receiving), return_when=asyncio.FIRST_COMPLETED)
                if receiving.done():
                    heard = await self._read(receiving.result())
                    if isinstance(heard, Cancel):
                        return task.done()
                    if heard is not None:
                        busy = InvalidRequest("a request is under way: wait for its end, or cancel it.")
                        await self._send(failed(busy, self._opened.request_id))
            finally:
                await _stop(receiving)
        return True

    async def _draw(self, call: Call, asked: SocketImageRequest) -> Told:
        """Send what happens; returns what is said last.

        Raises:
            EkibenError: The request is refused, or could not be finished.
        """
        ask = checked_ask(self._gateway, asked, progress=True)
        await self._send(queued(call, ask))
        writer = Writer(call, ask, is_binary=asked.binary)
        async with drawing(self._gateway, call, ask) as events:
            async for event in events:
                told = writer.message(event)
                if isinstance(event, ImagesEnd):
                    return told
                await self._send(told)
        raise AssertionError("the events end with an end")

    async def _read(self, text: str) -> SocketImageRequest | Cancel | None:
        """A message; None for one that was refused."""
        try:
            return read_message(text)
        except EkibenError as error:
            await self._send(failed(error, self._opened.request_id))
            return None

    async def _receive(self) -> str:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", _NORMAL))
        text = message.get("text")
        if not isinstance(text, str):
            await self._socket.close(_UNSUPPORTED, "messages are text")
            raise WebSocketDisconnect(_UNSUPPORTED)
        return text

    async def _send(self, told: Told) -> None:
        """Send a message; a picture of its own follows its JSON directly.

        Raises:
            WebSocketDisconnect: The other end takes nothing any more.
        """
        try:
            async with asyncio.timeout(_STALLED_S), self._sending:
                await self._socket.send_text(told.text)
                if told.picture is not None:
                    await self._socket.send_bytes(told.picture)
        except TimeoutError:
            raise WebSocketDisconnect(_GOING_AWAY) from None

    def _new_call(self) -> Call:
        opened = self._opened
        return Call(
            request_id=uuid.uuid4().hex,
            arrived=time.monotonic(),
            route=_POLICY_ROUTE,
            timeout_ms=opened.timeout_ms,
            priority=opened.priority,
        )


async def _stop(task: asyncio.Future[Told] | asyncio.Future[str]) -> None:
    if not task.done():
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)
