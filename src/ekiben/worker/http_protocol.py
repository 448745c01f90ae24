"""HTTP/1.1 for callers nobody knows yet: uvicorn's protocol with bounds on a request's head.

Uvicorn takes a head of any size at any pace, and refuses what is not HTTP in plain text; all of that comes before the
first line of an app, so that neither a key nor a limit in the app protects from it.
"""

from __future__ import annotations

import asyncio
import uuid
from http import HTTPStatus
from typing import Final

import orjson
import uvicorn.config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ekiben.errors import EkibenError, InvalidRequest, PayloadTooLarge
from ekiben.inference.protocol import REQUEST_ID

MAX_HEAD_BYTES: Final = 64 * 1024
HEAD_WITHIN_S: Final = 10.0


class BoundedHttp(HttpToolsProtocol):
    """One connection whose heads are bounded in size and time, and whose refusals have the one shape.

    The piece of data in which a head begins is not counted: it may hold the end of the body before it.
    """

    _in_head = False
    _head_bytes = 0
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect the first head."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer."""
        self._have_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, and count while a head that began earlier does not end."""
        began_earlier = self._in_head
        super().data_received(data)
        if began_earlier and self._in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(PayloadTooLarge(f"the request's head is larger than {MAX_HEAD_BYTES:,} bytes."))

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        self._expect_head()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._have_head()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        self._refuse(InvalidRequest(f"{msg} This port speaks HTTP/1.1."))

    def _expect_head(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(HEAD_WITHIN_S, self._lose_patience)

    def _have_head(self) -> None:
        self._in_head = False
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _lose_patience(self) -> None:
        self._patience = None
        if self._answering():  # Until that is done nothing more is read, whoever is slow.
            self._expect_head()
        else:
            self.transport.close()

    def _refuse(self, error: EkibenError) -> None:
        if not self._answering():  # Else the refusal would land in the middle of a response.
            self.transport.write(_response(error))
        self.transport.close()

    def _answering(self) -> bool:
        # None before the first request, whatever uvicorn's annotation says.
        return bool(self.cycle) and not self.cycle.response_complete


def use_bounded_http() -> None:
    """Have every server that names no protocol use `BoundedHttp`: BentoML leaves no way to name one."""
    uvicorn.config.HTTP_PROTOCOLS["auto"] = f"{__name__}:{BoundedHttp.__name__}"


def _response(error: EkibenError) -> bytes:
    request_id = uuid.uuid4().hex
    body = orjson.dumps(error.payload(request_id))
    head = (
        f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        f"{REQUEST_ID}: {request_id}",
        "connection: close",
    )
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body
