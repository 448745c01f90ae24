"""Finding the item that makes a batch fail, by halves, while its neighbours get their results.

A batch of n that fails is run again as two halves, and so on, until the culprit stands alone: no item runs
more than 1 + log2 n times (rounded up) and one culprit costs at most 2 × log2 n further calls. The halves go
first, ahead of the queue, since their items have waited longest; other work waits for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


def run_in_halves(
    entries: Sequence[T],
    still_wanted: Callable[[Sequence[T]], Sequence[T]],
    attempt: Callable[[Sequence[T]], bool],
) -> None:
    """Run entries, splitting what fails.

    Args:
        entries: The batch.
        still_wanted: Picks those of a group that somebody waits for, just before it runs.
        attempt: Runs a group; returns whether it failed and should be split, never true for a single entry.
    """
    groups = [entries]
    while groups:
        group = still_wanted(groups.pop())
        if group and attempt(group):
            middle = len(group) // 2
            groups += (group[middle:], group[:middle])
