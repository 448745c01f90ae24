"""Jobs that do nothing, with the libraries that the queue was compared with: handing in, and being done."""

from __future__ import annotations

import time
from typing import Final, NamedTuple

from benchmarks.queues.faults import effects
from benchmarks.queues.faults.environments import REQUIREMENTS
from benchmarks.queues.faults.platform import platform

LIBRARIES: Final = ("ekiben", *(name for name in REQUIREMENTS if not name.endswith("_default")))
_WORKERS: Final = 2
_STALLED_S: Final = 60.0
_LOOK_S: Final = 0.02


class Speed(NamedTuple):
    """Jobs a second."""

    submitted: float
    done: float


def speed(library: str, jobs: int) -> Speed:
    """Hand jobs in, then start two workers; the first tenth is not timed, since workers take their time to start."""
    with platform(library, job_s=0.0) as peer:
        submitted = jobs / peer.submit(jobs)
        for _ in range(_WORKERS):
            peer.start()
        first, began = _until(jobs // 10)
        last, ended = _until(jobs)
        return Speed(submitted, (last - first) / (ended - began))


def _until(count: int) -> tuple[int, float]:
    """Wait until so many have ended; returns how many have, and when that was seen.

    Raises:
        TimeoutError: None has for long.
    """
    deadline = time.monotonic() + _STALLED_S
    while (found := effects.ended()) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{found} of {count} jobs have ended")
        time.sleep(_LOOK_S)
    return found, time.monotonic()
