"""Whether to try again, and when: pure functions of the error, the attempt and the time left."""

from __future__ import annotations

import math
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ekiben.errors import EkibenError

BACKOFF_BASE_S = 0.25
BACKOFF_CAP_S = 8.0


def next_wait_s(
    error: EkibenError, attempt: int, *, max_retries: int, left_s: float, random: Callable[[], float]
) -> float | None:
    """Seconds to wait before the next attempt; None: there is none.

    Args:
        error: The attempt's.
        attempt: 0 for the first.
        max_retries: Attempts there may be after the first.
        left_s: Seconds to the call's deadline; a wait that would reach it is not begun.
        random: A number in [0, 1).
    """
    if attempt >= max_retries or not error.retryable:
        return None
    wait_s = _wait_s(error.retry_after_s, attempt, random())
    return wait_s if wait_s < left_s else None


def _wait_s(retry_after_s: float | None, attempt: int, chance: float) -> float:
    """Full jitter below an exponential bound, or what the server asked for and a little more.

    The little more keeps callers who were all told the same from coming back as one.
    """
    if retry_after_s is None:
        return chance * min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2.0 ** min(attempt, 30))
    return retry_after_s + chance * min(BACKOFF_BASE_S, retry_after_s)


def retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds from `retry-after-ms` or `Retry-After`; None where both are absent or make no sense.

    Args:
        headers: Names in lower case, or a mapping that ignores case.
        now: Unix time in seconds, to which a date is relative.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1_000
    value = headers.get("retry-after")
    seconds = _number(value)
    return seconds if seconds is not None or value is None else _until(value, now)


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return max(number, 0.0) if math.isfinite(number) else None


def _until(date: str, now: float) -> float | None:
    try:
        return max(parsedate_to_datetime(date).timestamp() - now, 0.0)
    except (ValueError, OverflowError):
        return None
