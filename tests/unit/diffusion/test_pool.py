from __future__ import annotations

import pytest

from ekiben.diffusion.entry import Entry
from ekiben.diffusion.generation import Event, Generation, Progress, Wishes
from ekiben.diffusion.observer import Silence
from ekiben.diffusion.pool import Pool
from ekiben.diffusion.timing import Stopwatch
from ekiben.errors import DeadlineExceeded, Internal, QueueFull, ShuttingDown, Unavailable
from tests.unit.diffusion.making import request


def _entry(sequence: int, wishes: Wishes | None = None) -> Entry:
    return Entry(Generation(request()), wishes or Wishes(), None, 1, 0.0, sequence, Stopwatch(0.0))


def test_there_is_room_again_when_one_leaves() -> None:
    pool, first = Pool(1, Silence()), _entry(0)
    pool.add(first)
    with pytest.raises(QueueFull):
        pool.add(_entry(1))
    first.generation.cancel()
    pool.sweep(0.0)
    pool.add(_entry(1))
    assert len(pool) == 1


def test_an_entry_ends_once() -> None:
    pool, entry = Pool(1, Silence()), _entry(0)
    pool.add(entry)
    pool.fail(entry, ValueError("first"))
    pool.fail(entry, DeadlineExceeded("second"))
    error = entry.generation.future.exception()
    assert isinstance(error, Internal)
    assert isinstance(error.__cause__, ValueError)


def test_the_late_are_told_so() -> None:
    pool, late, other = Pool(2, Silence()), _entry(0, Wishes(deadline=5.0)), _entry(1)
    pool.add(late)
    pool.add(other)
    assert pool.still_wanted([late, other], 4.9) == [late, other]
    assert pool.still_wanted([late, other], 5.0) == [other]
    assert isinstance(late.generation.future.exception(), DeadlineExceeded)


def test_newcomers_hear_why_it_closed_first() -> None:
    pool = Pool(1, Silence())
    pool.close(ShuttingDown("first"))
    pool.close(Unavailable("second"))
    for sequence in range(2):
        with pytest.raises(ShuttingDown, match="first"):
            pool.add(_entry(sequence))


def test_everyone_fails_with_an_error_of_their_own() -> None:
    pool, entries = Pool(2, Silence()), [_entry(0), _entry(1)]
    for entry in entries:
        pool.add(entry)
    pool.fail_all(Unavailable("gone"))
    errors = [entry.generation.future.exception() for entry in entries]
    assert errors[0] is not errors[1]


def test_a_listener_is_told() -> None:
    told: list[Event] = []
    pool, entry = Pool(1, Silence()), _entry(0, Wishes(listener=told.append))
    pool.add(entry)
    pool.tell(entry, Progress(1, 2))
    assert told == [Progress(1, 2)]
