"""Finding the item that makes a batch fail, by halves, while its neighbours get their results.

A batch of n that fails is run again as two halves, and so on, until the culprit stands alone: no item runs
more than 1 + log2 n times (rounded up) and one culprit costs at most 2 × log2 n further calls. The halves go
first, ahead of the queue, since their items have waited longest; other work waits for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ekiben.batching.request import Entry


def run_in_halves(entries: Sequence[Entry], attempt: Callable[[Sequence[Entry]], bool]) -> None:
    """Run entries, splitting what fails.

    Args:
        entries: The batch; entries whose request has ended meanwhile are left out.
        attempt: Runs a group; returns whether it failed and should be split, never true for a single entry.
    """
    groups = [entries]
    while groups:
        group = [entry for entry in groups.pop() if entry.request.is_open]
        if group and attempt(group):
            middle = len(group) // 2
            groups += (group[middle:], group[:middle])
