"""Asking a model server again, before the first byte of an answer and never after it.

Worth it are a connection that was closed while it lay idle, and a server that is busy or restarting.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from ekiben.client.pace import Pace
from ekiben.errors import EkibenError

T = TypeVar("T")

_RETRIES: Final = 3
_BASE_S: Final = 0.1
# Beyond this the caller is better told than kept: somebody else may have room sooner.
_LONGEST_WAIT_S: Final = 5.0


class Passing(Exception):
    """A failure that may be over soon.

    Args:
        error: What the caller is told if it is not.
        wait_s: What the server asked for; None where it did not.
    """

    def __init__(self, error: EkibenError, wait_s: float | None) -> None:
        super().__init__(error)
        self.error, self.wait_s = error, wait_s


async def again(attempt: Callable[[], Awaitable[T]], pace: Pace) -> T:
    """Attempt until it works, at most four times, waiting longer each time and never as long as the others.

    Raises:
        EkibenError: The last attempt's; or the first's whose server asks for too long a wait.
        Exception: Whatever else the attempt raises, at once.
    """
    for number in range(_RETRIES):
        try:
            return await attempt()
        except Passing as passing:
            wait_s = _wait_s(number, passing.wait_s, pace.random())
            if wait_s > _LONGEST_WAIT_S:
                raise passing.error from passing.__cause__
            await pace.sleep_async(wait_s)
    try:
        return await attempt()
    except Passing as passing:
        raise passing.error from passing.__cause__


def _wait_s(number: int, asked_s: float | None, chance: float) -> float:
    """Between half of an exponential bound and all of it, after what the server asked for."""
    return (asked_s or 0.0) + _BASE_S * 2.0**number * (1 + chance) / 2
