"""Steps in order, each with its own share of the time; none that fails or hangs keeps the next from its turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

_log = structlog.get_logger("ekiben.agent")

LIMIT_S: Final = 110.0
"""EC2 gives 120 s from the notice; a step's share is cut where less is left."""
_LEAST_S: Final = 1.0
"""A step gets so much even where nothing is left: better late than never."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something to be done within `share_s`."""

    name: str
    share_s: float
    act: Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a drain went.

    Attributes:
        failed: Steps that failed or took longer than their share.
        answers: What the others returned.
    """

    seconds: float
    failed: tuple[str, ...]
    answers: Mapping[str, object] = field(default_factory=dict)


async def drain(steps: Sequence[Step], limit_s: float = LIMIT_S) -> Outcome:
    """Do every step; nothing is raised. What begins after `limit_s` has a second."""
    began, answers = time.monotonic(), dict[str, object]()
    for step in steps:
        left_s = max(_LEAST_S, began + limit_s - time.monotonic())
        await _do(step, min(step.share_s, left_s), answers)
    failed = tuple(step.name for step in steps if step.name not in answers)
    return Outcome(time.monotonic() - began, failed, answers)


async def _do(step: Step, within_s: float, answers: dict[str, object]) -> None:
    """Do it, and put down what it returns."""
    began = time.monotonic()
    # Not cancelled and awaited: what does not heed its cancellation would hold up the next step.
    task = asyncio.ensure_future(step.act())
    done, _ = await asyncio.wait({task}, timeout=within_s)
    seconds = round(time.monotonic() - began, 3)
    if not done:
        task.cancel()
        _log.error("a step of the drain takes too long; going on", step=step.name, seconds=seconds)
        return
    error = asyncio.CancelledError() if task.cancelled() else task.exception()
    if error is not None:
        _log.error(
            "a step of the drain failed; going on",
            step=step.name,
            seconds=seconds,
            reason=str(error) or type(error).__name__,
        )
        return
    answers[step.name] = task.result()
    _log.info("drain", step=step.name, seconds=seconds)
