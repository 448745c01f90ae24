"""What a job does to the world: it begins, takes its time, and leaves a mark that can be counted."""

from __future__ import annotations

import os
from functools import cache

import valkey

JOB_S = float(os.environ.get("QUEUE_JOB_S", "0.15"))
BEGUN, ENDED, PUBLISHED = "effects:begun", "effects:ended", "effects:published"


@cache
def _client() -> valkey.Valkey:
    return valkey.Valkey.from_url(os.environ["QUEUE_EFFECTS_URL"], decode_responses=True)


def forget_server() -> None:
    """The next call asks anew where the marks are kept."""
    _client.cache_clear()


def begin(number: int) -> None:
    """A worker has taken up the job."""
    _client().hincrby(BEGUN, str(number), 1)


def end(number: int) -> None:
    """The job's work is done, once more."""
    _client().hincrby(ENDED, str(number), 1)


def publish(number: int) -> None:
    """The queue has accepted the job's result."""
    _client().hincrby(PUBLISHED, str(number), 1)


def ended() -> int:
    """How many jobs have ended."""
    return int(str(_client().hlen(ENDED)))


def counts(which: str) -> dict[int, int]:
    """How often each job was begun, ended or published."""
    found = _client().hgetall(which)
    assert isinstance(found, dict)
    return {int(number): int(times) for number, times in found.items()}
