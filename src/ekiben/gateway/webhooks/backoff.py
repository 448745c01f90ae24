"""When a webhook that was not taken is sent again."""

from __future__ import annotations

from typing import Final

from ekiben.jobs import Delivery

GIVEN_UP_AFTER_S: Final = 24 * 3_600.0
_FIRST_S: Final = 5.0
_LONGEST_S: Final = 2 * 3_600.0


def again_in_s(delivery: Delivery, chance: float) -> float | None:
    """Seconds until the next attempt; None: a day has passed.

    Args:
        delivery: The one that failed.
        chance: In [0, 1), so that many do not come back together.
    """
    wait_s = float(min(_FIRST_S * 2 ** min(delivery.tries - 1, 20), _LONGEST_S)) * (0.75 + chance / 2)
    return wait_s if delivery.age_s + wait_s <= GIVEN_UP_AFTER_S else None
