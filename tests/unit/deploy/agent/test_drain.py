"""A drain goes on whatever its steps do, and ends."""

from __future__ import annotations

import asyncio
import time

from ekiben.deploy.agent.drain import Step, drain


class Steps:
    """Notes who had a turn."""

    def __init__(self) -> None:
        self.turns: list[str] = []

    def quick(self, name: str) -> Step:
        async def act() -> None:
            self.turns.append(name)

        return Step(name, 1.0, act)

    def failing(self, name: str) -> Step:
        async def act() -> None:
            self.turns.append(name)
            raise OSError("no")

        return Step(name, 1.0, act)

    def deaf(self, name: str, share_s: float) -> Step:
        """Hangs, and does not heed its cancellation."""

        async def act() -> None:
            self.turns.append(name)
            while True:
                try:
                    await asyncio.sleep(3)
                    return
                except asyncio.CancelledError:
                    continue

        return Step(name, share_s, act)


async def test_each_step_has_its_turn_whatever_the_others_do() -> None:
    steps = Steps()
    began = time.monotonic()
    outcome = await drain([steps.failing("a"), steps.quick("b"), steps.deaf("c", 0.2), steps.quick("d")])
    assert steps.turns == ["a", "b", "c", "d"]
    assert outcome.failed == ("a", "c")
    assert 0.2 <= outcome.seconds <= time.monotonic() - began < 2


async def test_shares_are_cut_where_less_is_left() -> None:
    steps = Steps()
    outcome = await drain([steps.deaf("a", 60.0), steps.deaf("b", 60.0), steps.quick("c")], limit_s=0.5)
    assert steps.turns == ["a", "b", "c"]
    assert outcome.seconds < 3  # a second each at least


async def test_too_late_is_better_than_never() -> None:
    steps = Steps()
    outcome = await drain([steps.quick("a"), steps.quick("b")], limit_s=-60.0)
    assert steps.turns == ["a", "b"]
    assert outcome.failed == ()
