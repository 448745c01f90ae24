"""What the instances wrote, from CloudWatch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ekiben.errors import OperatorError
from ekiben.telemetry.redaction import Redaction

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import World

# Lines of one moment may arrive later than others.
_OVERLAP_MS: Final = 5_000
_EVERY_S: Final = 3.0
_MOST_CHARACTERS: Final = 10_000


class Line(NamedTuple):
    """One line of a log.

    Args:
        at: When it was written.
        role: `control`, or the model.
        stream: The instance that wrote it.
        text: Without control characters and secrets.
    """

    at: datetime
    role: str
    stream: str
    text: str


class Query(NamedTuple):
    """Which lines.

    Args:
        roles: Of `control` and the models; empty: all.
        since: From when on.
        instance: Beginning of the stream's name; empty: all.
        pattern: CloudWatch's filter pattern; empty: all.
    """

    roles: Sequence[str]
    since: datetime
    instance: str = ""
    pattern: str = ""


def lines(world: World, query: Query) -> list[Line]:
    """Lines in order of time; needs `logs:FilterLogEvents`.

    Raises:
        OperatorError: There is no such role, or AWS does not take the pattern.
    """
    return [line for line, _ in _fetch(world, query, _ms(query.since))]


def follow(world: World, query: Query, pause: Callable[[float], bool]) -> Iterator[Line]:
    """The same, and whatever is written from then on.

    Args:
        world: Where.
        query: Which lines.
        pause: Waits so many seconds; True: it is time to end.
    """
    since_ms, shown = _ms(query.since), set[str]()
    while True:
        found = _fetch(world, query, since_ms)
        for line, id_ in found:
            if id_ not in shown:
                yield line
        if found:
            since_ms = max(since_ms, _ms(found[-1][0].at) - _OVERLAP_MS)
            shown = {id_ for line, id_ in found if _ms(line.at) >= since_ms}
        if pause(_EVERY_S):
            return


def _fetch(world: World, query: Query, since_ms: int) -> list[tuple[Line, str]]:
    known = ("control", *(workers.model for workers in world.deployment.config.workers))
    unknown = sorted(set(query.roles) - set(known))
    if unknown:
        raise OperatorError(f"nothing is called {', '.join(unknown)}; there are {', '.join(known)}")
    found = [each for role in query.roles or known for each in _of_role(world, role, query, since_ms)]
    return sorted(found, key=lambda each: each[0].at)


def _of_role(world: World, role: str, query: Query, since_ms: int) -> Iterator[tuple[Line, str]]:
    wanted: dict[str, Any] = {"logGroupName": f"{world.deployment.path}/{role}", "startTime": since_ms}
    if query.instance:
        wanted["logStreamNamePrefix"] = query.instance
    if query.pattern:
        wanted["filterPattern"] = query.pattern
    redaction = Redaction(log_content=True, max_characters=_MOST_CHARACTERS)
    for page in world.clients.logs.get_paginator("filter_log_events").paginate(**wanted):
        for event in page["events"]:
            at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
            yield (
                Line(at, role, event["logStreamName"], redaction.text(event["message"].rstrip("\n"))),
                event["eventId"],
            )


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
