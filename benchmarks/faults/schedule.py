"""Which fault comes when."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Nemesis = Literal[
    "kill worker",
    "kill gateway",
    "kill valkey",
    "freeze worker",
    "cut network",
    "delay network",
    "store full",
    "notice",
    "upgrade",
    "clock forward",
    "clock back",
]

EVERY: Final[tuple[Nemesis, ...]] = Nemesis.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong; `worker` is whose, where it is one's."""

    after_s: float
    nemesis: Nemesis
    worker: int


def schedule(seed: int, rounds: int, kinds: Sequence[Nemesis], pause_s: float, workers: int = 2) -> list[Fault]:
    """Each kind once in every round, in an order of its own; the same for the same seed.

    Args:
        seed: Of the order, the pauses and the victims.
        rounds: How often each kind comes.
        kinds: Those to inflict.
        pause_s: Between two, on average.
        workers: How many there are.
    """
    chance = random.Random(seed)
    faults: list[Fault] = []
    for _ in range(rounds):
        order = list(kinds)
        chance.shuffle(order)
        faults += [Fault(pause_s * chance.uniform(0.5, 1.5), kind, chance.randrange(workers)) for kind in order]
    return faults
