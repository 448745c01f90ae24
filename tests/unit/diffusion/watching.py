"""What tests of the engine watch it with: a family, a clock and an observer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from ekiben.diffusion.engine import Engine
from ekiben.diffusion.families import family_of
from ekiben.diffusion.family import Conditions
from ekiben.diffusion.limits import EngineLimits
from ekiben.diffusion.timing import Timing
from tests.unit.diffusion.making import IDENTITY, LIMITS, SIDE, made, pipeline, request

ROW = SIDE * SIDE


def nothing(*_: object) -> None:
    """Do nothing, whatever it is told."""


class MovedClock:
    """A clock that the test moves, and that moves by itself with every forward."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class WatchedFamily:
    """A real family whose forwards can be watched and made to fail."""

    def __init__(self) -> None:
        self._family = family_of(pipeline("sd"))
        self.rows: list[int] = []
        self.before: Callable[[Tensor, Conditions], None] = nothing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._family, name)

    def predict(self, sample: Tensor, timestep: Tensor, conditions: Conditions) -> Tensor:
        self.before(sample, conditions)
        self.rows.append(len(sample))
        return self._family.predict(sample, timestep, conditions)


class Counts:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []

    def opened(self, pictures: int) -> None:
        self.told.append(("opened", pictures))

    def stepped(self, rows: int, cost: int, seconds: float) -> None:  # noqa: ARG002
        self.told.append(("stepped", (rows, cost)))

    def decoded(self, pictures: int, seconds: float) -> None:  # noqa: ARG002
        self.told.append(("decoded", pictures))

    def answered(self, timing: Timing) -> None:
        self.told.append(("answered", timing))

    def ended(self, reason: str) -> None:
        self.told.append(("ended", reason))

    def retried(self, reason: str) -> None:
        self.told.append(("retried", reason))

    def cap_changed(self, cost: int) -> None:
        self.told.append(("cap_changed", cost))

    def all(self, name: str) -> list[Any]:
        return [value for told, value in self.told if told == name]


def watched_engine(family: Any, **arguments: Any) -> Engine:
    """An engine of such a family."""
    return Engine(family, IDENTITY, **({"limits": LIMITS} | arguments))


def measured_engine(clock: MovedClock, max_cost: int = LIMITS.max_cost) -> Engine:
    """An engine that knows that a forward takes a second."""
    family = WatchedFamily()

    def second(*_: object) -> None:
        clock.now += 1.0

    family.before = second
    running = watched_engine(family, clock=clock, limits=EngineLimits(max_cost=max_cost, max_open=64))
    made(running, [request(steps=12)])
    return running
