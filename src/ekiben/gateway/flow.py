"""The one way an inference request takes through the gateway; every other file here is a detail of one line."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from ekiben.cards.card import Card
from ekiben.errors import DeadlineExceeded
from ekiben.gateway.call import Call, call_of
from ekiben.gateway.content import LazyContent, nothing
from ekiben.gateway.state import GatewayState
from ekiben.gateway.worker_client import Reply
from ekiben.inference import protocol
from ekiben.worker.http import unless_disconnected

T = TypeVar("T")


class ForModel(Protocol):
    """A checked request to one model."""

    @property
    def card(self) -> Card:
        """The model's."""


A = TypeVar("A", bound=ForModel)


@dataclass(frozen=True, slots=True)
class Ask:
    """A checked request: which model, what to send its worker, and how to turn the reply into a response.

    Attributes:
        content: The texts and pictures it brings, for the moderation policy.
    """

    card: Card
    body: bytes
    header_length: int | None
    respond: Callable[[Reply], Response]
    items: int = 1
    content: LazyContent = nothing


async def answer(gateway: GatewayState, request: Request, read: Callable[[], Awaitable[Ask]]) -> Response:
    """Authenticate → admit → check → infer → respond."""
    call = identified(gateway, request)
    with gateway.admission.admitted():
        ask = await _read(gateway, call, read)
        gateway.fleet.check_room(ask.card.name, ask.items)
        reply = await unless_disconnected(request, moderated(gateway, call, ask))
        response = ask.respond(reply)
        record(call, reply)
        return response


async def entered(gateway: GatewayState, request: Request, read: Callable[[], Awaitable[A]]) -> tuple[Call, A]:
    """Authenticate → admit → read: how a request begins whose answer is made while it is sent.

    Raises:
        EkibenError: The request is not taken.
    """
    call = identified(gateway, request)
    with gateway.admission.admitted():
        return call, await _read(gateway, call, read)


async def _read(gateway: GatewayState, call: Call, read: Callable[[], Awaitable[A]]) -> A:
    ask = await in_time(read(), gateway.settings.read_timeout_s)
    call.notes["model"] = ask.card.name
    call.stages["read"] = time.monotonic() - call.arrived
    return ask


def identified(gateway: GatewayState, request: Request) -> Call:
    """Authenticate alone: how a request begins that asks no model for anything, and is answered while draining too.

    Raises:
        Unauthenticated, PermissionDenied: See `authenticate`.
    """
    call = call_of(request)
    call.route = request.scope["route"].path
    authenticate(gateway, request, call)
    call.read_headers(request)
    return call


def authenticate(gateway: GatewayState, request: HTTPConnection, call: Call) -> None:
    """Put the principal on the call.

    Raises:
        Unauthenticated: Keys are on and the request has none that is known.
        PermissionDenied: No keys are set, and others could ask.
    """
    call.principal = gateway.authentication.principal(request)


async def in_time(reading: Awaitable[T], timeout_s: float) -> T:
    """Await the request's body, but not for ever: a slow sender would hold a place of another.

    Raises:
        DeadlineExceeded: It took longer than `timeout_s`.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await reading
    except TimeoutError:
        raise DeadlineExceeded(f"the body did not arrive within {timeout_s:g} s.") from None


async def moderated(gateway: GatewayState, call: Call, ask: Ask) -> Reply:
    """Check what comes in → infer. What goes out is numbers and labels, which no policy judges.

    Raises:
        EkibenError: As the moderator and the fleet say.
    """
    await gateway.moderator.check(call, "input", ask.content)
    return await infer(gateway, call, ask)


async def infer(gateway: GatewayState, call: Call, ask: Ask) -> Reply:
    """Send the request to a worker of its model, with what is left of its time.

    Raises:
        DeadlineExceeded: Nothing is left.
        EkibenError: As the fleet says.
    """
    time_left_s = call.time_left_s(ask.card)
    if time_left_s <= 0:
        raise DeadlineExceeded("the deadline passed before the request was read.")
    headers = call.worker_headers(ask.header_length)
    return await gateway.fleet.infer(ask.card.name, ask.body, headers, time_left_s, ask.items)


def record(call: Call, reply: Reply) -> None:
    """Take from the worker's reply what the log, the metrics and `Server-Timing` say."""
    call.stages.update(reply.stages)
    call.notes["batch_items"] = int(reply.headers.get(protocol.BATCH_ITEMS, 0))
    call.notes["queue_wait_ms"] = round(call.stages.get("queue", 0.0) * 1_000, 3)
