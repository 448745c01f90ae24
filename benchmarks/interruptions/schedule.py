"""Which interruption comes when."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["notice", "rebalance, then notice", "group ends it", "operator stops it", "no notice"]

NO_NOTICE: Final[Kind] = "no notice"


@dataclass(frozen=True, slots=True)
class Blow:
    """So many instances are taken at the same time, in the same way, at the earliest `at_s` into the run."""

    at_s: float
    kind: Kind
    instances: int = 1


SHORT: Final[tuple[tuple[Kind, int, int], ...]] = (
    ("notice", 1, 1),
    ("notice", 2, 1),
    ("rebalance, then notice", 1, 1),
    (NO_NOTICE, 1, 2),
    (NO_NOTICE, 2, 1),
)
"""Kind, instances at a time, how often: four instances with and four without notice."""
LONG: Final[tuple[tuple[Kind, int, int], ...]] = (
    ("notice", 1, 3),
    ("notice", 2, 2),
    ("rebalance, then notice", 1, 2),
    ("group ends it", 1, 1),
    ("group ends it", 2, 1),
    ("operator stops it", 1, 1),
    (NO_NOTICE, 1, 5),
    (NO_NOTICE, 2, 1),
)
"""Twenty instances."""


def schedule(seed: int, kinds: Sequence[tuple[Kind, int, int]], over_s: float) -> list[Blow]:
    """Each as often as it says, in an order and at times that are the same for the same seed.

    Args:
        seed: Of the order and the times.
        kinds: Such as `SHORT`.
        over_s: Seconds over which they are spread.
    """
    chance = random.Random(seed)
    order = [(kind, count) for kind, count, times in kinds for _ in range(times)]
    chance.shuffle(order)
    slot_s = over_s / len(order)
    return [Blow((index + chance.uniform(0.1, 0.6)) * slot_s, kind, count) for index, (kind, count) in enumerate(order)]


def taken(blows: Sequence[Blow]) -> int:
    """How many instances are interrupted."""
    return sum(blow.instances for blow in blows)
