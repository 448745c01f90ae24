"""The seam between jobs and tasks: what an input is checked into, and how a result becomes an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import Response

from ekiben.cards.card import Card
from ekiben.gateway.call import Call
from ekiben.gateway.content import LazyContent, nothing
from ekiben.gateway.jobs.desk import JobDesk
from ekiben.gateway.state import GatewayState
from ekiben.jobs import Job


@dataclass(frozen=True, slots=True)
class Prepared:
    """A checked input.

    Attributes:
        route: The synchronous route, whose moderation policy holds.
        inline: What the worker and the answer read, but for what lies in the blob.
        blob: What is too large to stand in the queue.
        work: Estimated cost, in the unit of the model's batches.
        content: What the policy judges.
    """

    card: Card
    route: str
    inline: Mapping[str, JsonValue]
    blob: bytes | None = None
    work: float = 1.0
    content: LazyContent = nothing


@dataclass(frozen=True, slots=True)
class Finished:
    """A succeeded job and who asks for its result."""

    gateway: GatewayState
    desk: JobDesk
    request: Request
    call: Call
    job: Job


class JobKind(Protocol):
    """What jobs of one task are."""

    def prepare(self, gateway: GatewayState, body: bytes) -> Prepared:
        """Check an input exactly as the synchronous route checks its body.

        Raises:
            EkibenError: As there.
        """

    async def answer(self, finished: Finished) -> Response:
        """What the synchronous route would have answered.

        Raises:
            ContentBlocked: The policy refuses what came out.
            Gone: The result's bytes are not there any more.
        """
