from __future__ import annotations

import pytest

from ekiben.client.pace import Pace
from ekiben.errors import InvalidRequest, Overloaded, Unavailable
from ekiben.runtimes.openai_retry import Passing, again


class Script:
    """Fails as it is told, then answers; notes the waits between."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.waits: list[float] = []
        self.attempts = 0

    async def attempt(self) -> str:
        self.attempts += 1
        if self.failures:
            raise self.failures.pop(0)
        return "answer"

    async def sleep(self, wait_s: float) -> None:
        self.waits.append(wait_s)

    async def run(self, chance: float = 1.0) -> str:
        return await again(self.attempt, Pace(random=lambda: chance, sleep_async=self.sleep))


def passing(wait_s: float | None = None) -> Passing:
    return Passing(Unavailable("away."), wait_s)


@pytest.mark.parametrize(("chance", "waits"), [(1.0, [0.1, 0.2, 0.4]), (0.0, [0.05, 0.1, 0.2])])
async def test_waits_grow_and_differ(chance: float, waits: list[float]) -> None:
    script = Script(passing(), passing(), passing())
    assert await script.run(chance) == "answer"
    assert script.waits == pytest.approx(waits)


async def test_the_fourth_failure_is_told() -> None:
    script = Script(*[passing() for _ in range(4)])
    with pytest.raises(Unavailable, match="away"):
        await script.run()
    assert script.attempts == 4


async def test_what_the_server_asks_for_is_waited_for() -> None:
    script = Script(passing(2.0))
    await script.run()
    assert script.waits == pytest.approx([2.1])


async def test_a_long_wait_is_the_caller_s_to_make() -> None:
    script = Script(Passing(Overloaded("full.", retry_after_s=30), 30.0))
    with pytest.raises(Overloaded):
        await script.run()
    assert (script.attempts, script.waits) == (1, [])


async def test_a_refusal_is_told_at_once() -> None:
    script = Script(InvalidRequest("no."))
    with pytest.raises(InvalidRequest):
        await script.run()
    assert script.attempts == 1
