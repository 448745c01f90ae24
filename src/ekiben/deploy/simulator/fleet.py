"""Instances of one kind: those that serve, and those that start, in the order in which they will be ready."""

from __future__ import annotations

from collections import deque


class Fleet:
    """The instances of one pool, or those on demand. `going` have a notice and serve until they are gone."""

    def __init__(self) -> None:
        self.ready = 0
        self.going = 0
        self.starting = 0
        self._due: deque[list[int]] = deque()
        self._ending: deque[list[int]] = deque()

    @property
    def kept(self) -> int:
        """Run or start, without a notice."""
        return self.ready + self.starting

    @property
    def held(self) -> int:
        """All that is paid for."""
        return self.ready + self.starting + self.going

    def launch(self, count: int, due_tick: int) -> None:
        """Start instances that serve from that tick on."""
        self.starting += count
        self._due.append([due_tick, count])

    def next_due(self) -> int | None:
        """The tick in which the next ones serve, or end."""
        return min((line[0][0] for line in (self._due, self._ending) if line), default=None)

    def start_serving(self, tick: int) -> bool:
        """Count those whose time has come as ready; whether there were any."""
        before = self.ready
        while self._due and self._due[0][0] <= tick:
            count = self._due.popleft()[1]
            self.starting -= count
            self.ready += count
        return self.ready != before

    def give_notice(self, count: int, end_tick: int) -> None:
        """Announce the end of so many for that tick, of serving ones first: the least favourable order."""
        from_ready = min(count, self.ready)
        self.ready -= from_ready
        self._drop_starting(count - from_ready)
        self.going += count
        self._ending.append([end_tick, count])

    def end(self, tick: int, capacity: int) -> None:
        """Take those whose time has come, and whatever is more than the capacity."""
        while self._ending and (self._ending[0][0] <= tick or self.held > capacity):
            first = self._ending[0]
            count = first[1] if first[0] <= tick else min(first[1], self.held - capacity)
            self.going -= count
            first[1] -= count
            if not first[1]:
                self._ending.popleft()

    def release(self, count: int) -> None:
        """Give instances back, those first that would serve last."""
        from_starting = min(count, self.starting)
        self._drop_starting(from_starting)
        self.ready -= count - from_starting

    def _drop_starting(self, count: int) -> None:
        self.starting -= count
        while count:
            newest = self._due[-1]
            taken = min(count, newest[1])
            newest[1] -= taken
            count -= taken
            if not newest[1]:
                self._due.pop()
