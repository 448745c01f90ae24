"""The interruption bench's own arithmetic."""

from __future__ import annotations

from itertools import pairwise

from benchmarks.interruptions.schedule import LONG, NO_NOTICE, SHORT, schedule, taken
from benchmarks.interruptions.verdict import _again
from ekiben.jobs import Event


def test_a_seed_is_one_schedule_of_as_many_as_are_promised() -> None:
    long = schedule(3, LONG, 600.0)
    assert long == schedule(3, LONG, 600.0)
    assert long != schedule(4, LONG, 600.0)
    assert taken(long) == 20
    assert all(before.at_s < after.at_s for before, after in pairwise(long))
    assert long[-1].at_s < 600
    short = schedule(3, SHORT, 120.0)
    assert sum(blow.instances for blow in short if blow.kind == NO_NOTICE) == 4
    assert taken(short) == 8


def test_steps_that_were_told_and_begun_anew_are_counted_for_how_the_lease_ended() -> None:
    happened: list[tuple[str, dict[str, int]]] = [
        ("queued", {}),
        ("started", {}),
        ("step", {"step": 7}),
        ("handed_back", {}),
        ("resumed", {"step": 8}),
        ("step", {"step": 20}),
        ("interrupted", {}),
        ("resumed", {"step": 12}),
        ("handed_back", {}),
        ("resumed", {"step": 12}),
        ("step", {"step": 30}),
        ("handed_back", {}),
        ("resumed", {"step": 25}),
        ("succeeded", {}),
    ]
    events = [Event(number, kind, 0, data) for number, (kind, data) in enumerate(happened, 1)]
    assert _again(events, "handed_back") == 5
    assert _again(events, "interrupted") == 8
