"""When an instance is reported as unhealthy."""

from __future__ import annotations

import pytest

from ekiben.deploy.agent.health import Health


class Bench:
    """A platform that is ready or not, and a clock."""

    def __init__(self) -> None:
        self.now, self.is_ready, self.reports = 0.0, False, 0
        self.fails = False
        self.health = Health(self._ready, self._report, 60.0, lambda: self.now)

    async def _ready(self) -> bool:
        return self.is_ready

    async def _report(self) -> None:
        self.reports += 1
        if self.fails:
            raise OSError("AWS is away")

    async def at(self, now: float, *, ready: bool) -> bool:
        self.now, self.is_ready = now, ready
        return await self.health.look()


async def test_it_is_reported_after_so_long_and_not_before() -> None:
    bench = Bench()
    assert not await bench.at(59, ready=False)
    assert not await bench.at(60, ready=True)
    assert not await bench.at(119, ready=False)
    assert await bench.at(120, ready=False)


async def test_it_is_not_reported_again_at_once() -> None:
    bench = Bench()
    told = [await bench.at(now, ready=False) for now in (60, 61, 119, 120)]
    assert told == [True, False, False, True]


async def test_a_report_that_fails_is_repeated() -> None:
    bench = Bench()
    bench.fails = True
    with pytest.raises(OSError, match="away"):
        await bench.at(60, ready=False)
    bench.fails = False
    assert await bench.at(120, ready=False)
    assert bench.reports == 2
