"""Attempts over a day."""

from __future__ import annotations

from ekiben.gateway.webhooks.backoff import GIVEN_UP_AFTER_S, again_in_s
from ekiben.jobs import Delivery


def test_attempts_become_rarer_and_end_after_a_day() -> None:
    age_s = 0.0
    waits: list[float] = []
    while (wait_s := again_in_s(Delivery("j", 100, len(waits) + 1, age_s), 0.5)) is not None:
        waits.append(wait_s)
        age_s += wait_s
    assert waits[:4] == [5, 10, 20, 40]
    assert sorted(waits) == waits
    assert max(waits) == 7_200
    assert GIVEN_UP_AFTER_S - 7_200 < age_s <= GIVEN_UP_AFTER_S
