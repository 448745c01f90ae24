"""A number that changes at moments, as one value for each tick."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Steps(NamedTuple):
    """Readings in order of time: from `times_s[i]` on the number is `values[i]`, until `end_s`."""

    times_s: Sequence[float]
    values: Sequence[int]
    end_s: float


def to_ticks(steps: Steps, tick_s: float) -> NDArray[np.int64]:
    """The number at the beginning of each tick, from the first reading on; shape (ticks,).

    Readings between two ticks show in the tick after them, the last of several wins.
    """
    times = np.asarray(steps.times_s, dtype=float) - steps.times_s[0]
    ticks = max(1, int(np.ceil((steps.end_s - steps.times_s[0]) / tick_s)))
    latest = np.searchsorted(times, np.arange(ticks) * tick_s, side="right") - 1
    return np.asarray(steps.values, dtype=np.int64)[latest]
