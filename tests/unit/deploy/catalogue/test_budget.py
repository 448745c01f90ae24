from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ekiben.deploy.catalogue.budget import Budget, Severity, alarm

BUDGET = Budget(1000)
MIDDLE = datetime(2026, 4, 16, tzinfo=UTC)  # 15 of 30 days are left


def test_nothing_to_say() -> None:
    assert alarm(BUDGET, spent_usd=400, usd_per_h=1, now=MIDDLE) is None


@pytest.mark.parametrize(("spent", "threshold"), [(500, 0.5), (850, 0.8), (1200, 1.0)])
def test_the_highest_threshold_that_was_passed(spent: float, threshold: float) -> None:
    found = alarm(BUDGET, spent, usd_per_h=0, now=MIDDLE)
    assert found is not None
    assert (found.severity, found.threshold) == (Severity.SPENT, threshold)


def test_a_rate_that_will_be_too_much() -> None:
    found = alarm(BUDGET, spent_usd=400, usd_per_h=2, now=MIDDLE)
    assert found is not None
    assert found.severity is Severity.FORECAST
    assert found.forecast_usd == pytest.approx(400 + 2 * 360)
    assert "$1,000.00 will be spent" in found.message


def test_a_year_ends() -> None:
    found = alarm(BUDGET, spent_usd=0, usd_per_h=100, now=datetime(2026, 12, 31, tzinfo=UTC))
    assert found is not None
    assert found.forecast_usd == pytest.approx(2400)
