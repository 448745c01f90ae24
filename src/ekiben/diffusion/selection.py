"""Whose turn it is on the device: deficit round-robin between shapes, the most urgent first within one.

In a round, every shape may spend credit in proportion to how many requests it has, at the price of the dearest
request there is. So each request gets about the same share of the device: a small picture steps more often than a
large one, and a rare resolution is served in every round however many others there are. Shapes take turns within the
round, one batch at a time; a batch that costs less than the credit leaves the rest for the next turn.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar


class Candidate(Protocol):
    """What selection has to know of a request.

    Attributes:
        shape_key: Only equals share a forward.
        cost: Denoiser rows × pixels.
        due: Urgency (`ekiben.batching.urgency`); the smallest goes first.
        sequence: Counts up with every request; the order of rows in a batch.
    """

    @property
    def shape_key(self) -> Hashable:
        """See above."""

    @property
    def cost(self) -> int:
        """See above."""

    @property
    def due(self) -> float:
        """See above."""

    @property
    def sequence(self) -> int:
        """See above."""


C = TypeVar("C", bound=Candidate)


class Selection(Generic[C]):
    """Chooses one batch after another; remembers the shapes' credit between them."""

    def __init__(self) -> None:
        self._credit: OrderedDict[Hashable, int] = OrderedDict()  # in the order of their turns

    def choose(self, candidates: Iterable[C], max_cost: int) -> list[C]:
        """The requests to advance by a step, in the order in which they came.

        Args:
            candidates: Everyone who is there.
            max_cost: Most that a batch may cost; a request that costs more still runs, alone.
        """
        shapes: dict[Hashable, list[C]] = {}
        for candidate in candidates:
            shapes.setdefault(candidate.shape_key, []).append(candidate)
        if not shapes:
            self._credit.clear()
            return []
        self._admit(shapes)
        batches = {key: most_urgent(members, max_cost) for key, members in shapes.items()}
        while True:
            for key in self._credit:
                cost = sum(candidate.cost for candidate in batches[key])
                if self._credit[key] >= cost:
                    self._credit[key] -= cost
                    self._credit.move_to_end(key)
                    return sorted(batches[key], key=lambda candidate: candidate.sequence)
            self._new_round(shapes)

    def _admit(self, shapes: dict[Hashable, list[C]]) -> None:
        """Forget shapes that are gone; a new one may wait for the next round, which comes after all have had turns."""
        for key in [key for key in self._credit if key not in shapes]:
            del self._credit[key]
        for key in shapes:
            self._credit.setdefault(key, 0)

    def _new_round(self, shapes: dict[Hashable, list[C]]) -> None:
        dearest = max(candidate.cost for members in shapes.values() for candidate in members)
        for key, members in shapes.items():
            self._credit[key] += dearest * len(members)


def most_urgent(members: Sequence[C], max_cost: int) -> list[C]:
    """As many as fit, the most urgent first; at least one."""
    chosen: list[C] = []
    cost = 0
    for candidate in sorted(members, key=lambda one: (one.due, one.sequence)):
        if chosen and cost + candidate.cost > max_cost:
            continue
        chosen.append(candidate)
        cost += candidate.cost
    return chosen
