"""Budget alarms: what was spent, what it will come to, and whether that is too much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is."""

    FORECAST = "forecast"  # it will be too much if it goes on like this
    SPENT = "spent"  # it is too much already


@dataclass(frozen=True, slots=True)
class Budget:
    """What a calendar month may cost, and at which shares of it an alarm is raised."""

    usd_per_month: float
    thresholds: tuple[float, ...] = (0.5, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A threshold that was passed, or will be.

    Args:
        severity: Passed, or forecast to be.
        threshold: Share of the budget.
        spent_usd: Since the month began.
        forecast_usd: For the whole month, if the present rate goes on.
        budget_usd: Of the month.
    """

    severity: Severity
    threshold: float
    spent_usd: float
    forecast_usd: float
    budget_usd: float

    @property
    def message(self) -> str:
        """For people."""
        verb = "is spent" if self.severity is Severity.SPENT else "will be spent this month"
        return (
            f"{self.threshold:.0%} of the budget of ${self.budget_usd:,.2f} {verb}: "
            f"${self.spent_usd:,.2f} so far, ${self.forecast_usd:,.2f} at this rate"
        )


def alarm(budget: Budget, spent_usd: float, usd_per_h: float, now: datetime) -> Alarm | None:
    """The gravest alarm there is to raise, or none.

    Args:
        budget: Of the month.
        spent_usd: Since the month began.
        usd_per_h: What is being spent now.
        now: The moment, in the time zone of the month.
    """
    forecast = spent_usd + usd_per_h * _hours_left(now)
    for threshold in sorted(budget.thresholds, reverse=True):
        if spent_usd >= threshold * budget.usd_per_month:
            return Alarm(Severity.SPENT, threshold, spent_usd, forecast, budget.usd_per_month)
    if forecast > budget.usd_per_month:
        return Alarm(Severity.FORECAST, 1.0, spent_usd, forecast, budget.usd_per_month)
    return None


def _hours_left(now: datetime) -> float:
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = (month + timedelta(days=32)).replace(day=1)
    return (following - now).total_seconds() / 3600
