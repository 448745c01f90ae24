"""The one way a request for text takes through the gateway; `flow` is its sibling for everything that has one reply.

authenticate → admit → read and check → a worker → pieces as they are written, or the whole of them → record
                       the moderation policy checks the prompt, and the pieces on their way out
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Send

from ekiben.cards.card import Card
from ekiben.errors import DeadlineExceeded, EkibenError, WorkerLost
from ekiben.gateway.call import Call
from ekiben.gateway.documents import json_response
from ekiben.gateway.event_stream import DONE, MEDIA_TYPE, event, send_error
from ekiben.gateway.flow import entered
from ekiben.gateway.road import TEXT
from ekiben.gateway.state import GatewayState
from ekiben.gateway.text_moderation import moderated, prompt_content
from ekiben.inference import protocol
from ekiben.inference.generation import GenerationRequest, Piece, TokenLogprob
from ekiben.inference.generation_lines import Ending, decode_line, encode_request
from ekiben.worker.connected import Connected, send_head, send_part


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    text: str
    logprobs: tuple[TokenLogprob, ...]
    ending: Ending


class Format(Protocol):
    """How an answer is written for the caller: what chats and plain completions differ in."""

    def opening(self) -> Mapping[str, object] | None:
        """What a stream begins with, before anything is computed."""

    def piece(self, piece: Piece) -> Mapping[str, object]:
        """Some more text in a stream."""

    def closing(self, ending: Ending) -> list[Mapping[str, object]]:
        """How a stream ends."""

    def whole(self, answer: Answer) -> Mapping[str, object]:
        """An answer that is not streamed."""


@dataclass(frozen=True, slots=True)
class TextAsk:
    """A checked request: which model, what to write, and how to write it for the caller."""

    card: Card
    wanted: GenerationRequest
    format: Format


async def generate(gateway: GatewayState, request: Request, read: Callable[[], Awaitable[TextAsk]]) -> Response:
    """Authenticate and read; the rest is done while the response is sent, which for a stream is the same.

    Raises:
        EkibenError: The request is not taken.
    """
    call, ask = await entered(gateway, request, read)

    async def work(send: Send) -> None:
        with gateway.admission.admitted():
            await gateway.moderator.check(call, "input", lambda: prompt_content(ask.wanted))
            if ask.wanted.stream:
                await _stream(gateway, call, ask, send)
            else:
                response = await _whole(gateway, call, ask)
                await response(request.scope, request.receive, send)

    return Connected(work)


async def _whole(gateway: GatewayState, call: Call, ask: TextAsk) -> Response:
    texts: list[str] = []
    logprobs: list[TokenLogprob] = []
    async with _lines(gateway, call, ask) as lines:
        async for found in moderated(gateway.moderator, call, _events(lines)):
            if isinstance(found, Ending):
                _record(gateway, call, ask, found)
                return json_response(ask.format.whole(Answer("".join(texts), tuple(logprobs), found)))
            texts.append(found.text)
            logprobs.extend(found.logprobs)
    raise AssertionError("the events end with an ending")


async def _stream(gateway: GatewayState, call: Call, ask: TextAsk, send: Send) -> None:
    """Send the head as soon as a worker has accepted, then every piece as it comes.

    Raises:
        EkibenError: Nobody accepted; whatever happens after that is the stream's last event instead.
    """
    begun = False
    try:
        async with _lines(gateway, call, ask) as lines:
            await send_head(send, MEDIA_TYPE)
            begun = True
            await _send_events(gateway, call, ask, moderated(gateway.moderator, call, _events(lines)), send)
    except EkibenError as error:
        if not begun:
            raise
        call.notes["error"] = error.code
        await send_error(send, error, call.request_id)


async def _send_events(
    gateway: GatewayState, call: Call, ask: TextAsk, events: AsyncIterator[Piece | Ending], send: Send
) -> None:
    form = ask.format
    opening = form.opening()
    if opening is not None:
        await send_part(send, event(opening))
    async for found in events:
        if isinstance(found, Piece):
            await send_part(send, event(form.piece(found)))
        else:
            _record(gateway, call, ask, found)
            await send_part(send, b"".join(map(event, form.closing(found))) + DONE, last=True)


def _lines(gateway: GatewayState, call: Call, ask: TextAsk) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
    """Send the request to a worker of its model, with what is left of its time."""
    gateway.fleet.check_room(ask.card.name, 1)
    time_left_s = call.time_left_s(ask.card)
    if time_left_s <= 0:
        raise DeadlineExceeded("the deadline passed before the request was read.")
    headers = {
        "content-type": "application/json",
        protocol.REQUEST_ID: call.request_id,
        protocol.PRIORITY: str(call.priority),
        protocol.CALLER: call.principal.id,
    }
    return gateway.fleet.generate(TEXT, ask.card.name, encode_request(ask.wanted), headers, time_left_s)


async def _events(lines: AsyncIterator[bytes]) -> AsyncIterator[Piece | Ending]:
    """The pieces of an answer and its end: the one place where written text passes on its way to the caller.

    Raises:
        EkibenError: It could not be finished.
        WorkerLost: The lines end too soon.
    """
    async for line in lines:
        found = decode_line(line)
        yield found
        if isinstance(found, Ending):
            return
    raise WorkerLost("the worker was lost while it wrote the answer; try again.", retry_after_s=1)


def _record(gateway: GatewayState, call: Call, ask: TextAsk, ending: Ending) -> None:
    """Take from the end what the log, `Server-Timing` and scaling go by: numbers, never text."""
    gateway.fleet.traffic(ask.card.name).answered(1, ending.stages)
    call.stages.update(ending.stages)
    finish = ending.finish
    call.notes.update(
        prompt_tokens=finish.prompt_tokens,
        completion_tokens=finish.completion_tokens,
        finish_reason=finish.reason,
        queue_wait_ms=round(ending.stages.get("queue", 0.0) * 1_000, 3),
        first_token_ms=round(ending.stages.get("first_token", 0.0) * 1_000, 3),
    )
