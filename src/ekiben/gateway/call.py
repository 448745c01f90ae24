"""What the gateway knows of one request besides its body."""

from __future__ import annotations

import re
import time
import uuid
from dataclasses import dataclass, field

from starlette.requests import HTTPConnection

from ekiben.cards.card import Card
from ekiben.errors import InvalidRequest
from ekiben.inference import protocol
from ekiben.policy.principals import ANONYMOUS, Principal

_REQUEST_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)


@dataclass(slots=True)
class Call:
    """One request: its id, who makes it, how long it may take, and what the log will say of it.

    Attributes:
        arrived: `time.monotonic()` when the request's head was read.
        route: The path of the route that answers, as the route table writes it.
        timeout_ms: What the caller allows; None: the card's default.
        notes: Fields for the access log, filled on the way: model, batch size, queue wait.
        flags: Categories that the moderation policy notes, for the response's header.
        stages: Where the time went, in seconds, for `Server-Timing`.
    """

    request_id: str
    arrived: float
    route: str = ""
    timeout_ms: int | None = None
    priority: int = 0
    principal: Principal = ANONYMOUS
    notes: dict[str, object] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    stages: dict[str, float] = field(default_factory=dict)

    def read_headers(self, request: HTTPConnection) -> None:
        """Take deadline and priority from the headers.

        Raises:
            InvalidRequest: One of them is not a number in its range.
        """
        stated = request.headers.get(protocol.TIMEOUT_MS)
        if stated is not None:
            self.timeout_ms = _number(stated, protocol.TIMEOUT_MS, 1, 86_400_000)
        stated = request.headers.get(protocol.PRIORITY)
        if stated is not None:
            lowest, highest = protocol.PRIORITIES[0], protocol.PRIORITIES[-1]
            self.priority = _number(stated, protocol.PRIORITY, lowest, highest)

    def time_left_s(self, card: Card) -> float:
        """Seconds until the deadline: what the caller allows, within the card's maximum, from its arrival."""
        allowed_ms = card.latency.default_timeout_ms if self.timeout_ms is None else self.timeout_ms
        return min(allowed_ms, card.latency.max_timeout_ms) / 1_000 - (time.monotonic() - self.arrived)

    def worker_headers(self, header_length: int | None) -> dict[str, str]:
        """What goes with a body to a worker, but for the time left."""
        headers = {
            "content-type": "application/octet-stream",
            protocol.REQUEST_ID: self.request_id,
            protocol.PRIORITY: str(self.priority),
            protocol.CALLER: self.principal.id,
        }
        return headers if header_length is None else {**headers, protocol.HEADER_LENGTH: str(header_length)}


def request_id_of(request: HTTPConnection) -> str:
    """The caller's own id when it is harmless, else a new one: it goes into logs and headers."""
    stated = request.headers.get(protocol.REQUEST_ID, "")
    return stated if _REQUEST_ID.fullmatch(stated) else uuid.uuid4().hex


def call_of(request: HTTPConnection) -> Call:
    """The call that the edge attached to this request."""
    call: Call = request.scope["ekiben.call"]
    return call


def _number(text: str, name: str, lowest: int, highest: int) -> int:
    if re.fullmatch(r"-?\d{1,9}", text, re.ASCII) and lowest <= int(text) <= highest:
        return int(text)
    raise InvalidRequest(f"header {name} must be a whole number from {lowest} to {highest}.", param=name)
