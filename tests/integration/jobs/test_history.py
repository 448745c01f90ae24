"""The checker, on histories made by hand."""

from __future__ import annotations

import pytest

from benchmarks.faults.history import Entry, History, Kind, Violation
from ekiben.jobs import Event, Job, Specification, State, Timings


def _job(state: State) -> Job:
    return Job(
        id="j",
        model="m",
        principal="p",
        state=state,
        specification=Specification(task="t"),
        timings=Timings(created_ms=1),
        version=1,
    )


def _events(*kinds: str) -> list[Event]:
    return [Event(number, kind, 1, {}) for number, kind in enumerate(kinds, 1)]


def _found(entries: list[tuple[float, Kind, int]], job: Job | None, events: list[Event]) -> set[Violation]:
    history = History(10.0, [Entry(at_s, at_s, kind, "j", fence) for at_s, kind, fence in entries])
    return history.violations({"j": job} if job else {}, {"j": events}).get("j", set())


_GOOD: list[tuple[float, Kind, int]] = [(0, "accepted", 0), (1, "leased", 1), (5, "beaten", 1), (6, "published", 1)]
_DONE = _events("queued", "started", "succeeded")


def test_what_is_as_promised_is_not_accused() -> None:
    assert _found(_GOOD, _job(State.SUCCEEDED), _DONE) == set()
    taken_over: list[tuple[float, Kind, int]] = [(16, "leased", 2), (17, "published", 2)]
    assert _found([*_GOOD[:3], *taken_over], _job(State.SUCCEEDED), _DONE) == set()


@pytest.mark.parametrize(
    ("entries", "job", "events", "broken"),
    [
        (_GOOD[:1], None, [], Violation.LOST),
        (_GOOD[:2], _job(State.RUNNING), _DONE[:2], Violation.LOST),
        (_GOOD, _job(State.SUCCEEDED), _events("queued", "succeeded", "failed"), Violation.ENDED_TWICE),
        (_GOOD, _job(State.SUCCEEDED), _events("queued", "succeeded", "step"), Violation.ENDED_TWICE),
        (_GOOD, _job(State.SUCCEEDED), [_DONE[0], _DONE[2]], Violation.GAP),
        ([*_GOOD, (7, "published", 1)], _job(State.SUCCEEDED), _DONE, Violation.PUBLISHED_TWICE),
        ([*_GOOD[:3], (16, "leased", 2), _GOOD[3]], _job(State.SUCCEEDED), _DONE, Violation.STALE_WRITE),
        ([*_GOOD[:3], (14, "leased", 2)], _job(State.SUCCEEDED), _DONE, Violation.LEASE_BROKEN),
    ],
)
def test_each_kind_is_seen(
    entries: list[tuple[float, Kind, int]], job: Job | None, events: list[Event], broken: Violation
) -> None:
    assert _found(entries, job, events) == {broken}
