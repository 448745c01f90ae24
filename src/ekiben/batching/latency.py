"""How long a batch will take, learned from those that ran: duration ≈ fixed + rate × cost."""

from __future__ import annotations

import math

_ENOUGH_BATCHES = 8
_WEIGHT = 0.05  # of a new batch, once there are many: a memory of about twenty
_SPREAD = 0.05  # costs must differ by this share of their mean before they tell a slope
_OUTLIER = 4.0  # a batch slower than this many times the prediction counts as this many times
_TRUST_S = 10.0


class LatencyModel:
    """Exponentially weighted linear regression of duration on cost.

    It errs on the side of serving. Predictions are 0 until enough batches have run, and again when none has
    run for a while: a model that predicts too much would otherwise refuse all work and never learn better.
    The first batch is not counted, since it pays for what no later one pays; one stall does not count in
    full.

    When all batches cost the same, fixed part and rate cannot be told apart. The rate learned last is then
    kept; if there never was one, the lower of "constant" and "in proportion to cost" is believed.
    """

    def __init__(self) -> None:
        self._batches = -1
        self._cost = 0.0
        self._duration = 0.0
        self._variance = 0.0
        self._covariance = 0.0
        self._rate: float | None = None
        self._observed_at = -math.inf

    def observe(self, cost: int, duration_s: float, now: float) -> None:
        """Learn from a batch that ran."""
        expected_s = self.predict(cost, now)
        if expected_s > 0:
            duration_s = min(duration_s, _OUTLIER * expected_s)
        self._observed_at = now
        self._batches += 1
        if self._batches > 0:
            self._learn(float(cost), duration_s)

    def predict(self, cost: int, now: float, batches: int = 1) -> float:
        """Seconds that work of this cost takes in so many batches; 0 where too little is known."""
        if self._batches < _ENOUGH_BATCHES:
            return 0.0
        seconds = batches * self._one(cost / batches)
        is_stale = now - self._observed_at > _TRUST_S + seconds
        return 0.0 if is_stale else seconds

    @property
    def fixed_s(self) -> float:
        """Seconds that every batch takes, whatever its cost; 0 where not known."""
        if self._batches < _ENOUGH_BATCHES or self._rate is None:
            return 0.0
        return max(0.0, self._duration - self._rate * self._cost)

    def cost_within(self, seconds: float) -> int:
        """Find the highest cost that still ends in so many seconds, once there are predictions."""
        if self._rate is None:
            fixed_s, rate = 0.0, self._duration / self._cost if self._duration > seconds else 0.0
        else:
            fixed_s, rate = self.fixed_s, self._rate
        return int(min(max(0.0, seconds - fixed_s) / rate, 2**62)) if rate else 2**62

    def _one(self, cost: float) -> float:
        if self._rate is None:
            return self._duration * min(1.0, cost / self._cost)
        return self.fixed_s + self._rate * cost

    def _learn(self, cost: float, duration_s: float) -> None:
        weight = max(_WEIGHT, 1 / self._batches)
        off_cost, off_duration = cost - self._cost, duration_s - self._duration
        self._cost += weight * off_cost
        self._duration += weight * off_duration
        self._variance = (1 - weight) * (self._variance + weight * off_cost * off_cost)
        self._covariance = (1 - weight) * (self._covariance + weight * off_cost * off_duration)
        if self._variance > (_SPREAD * self._cost) ** 2:
            slope = self._covariance / self._variance
            self._rate = min(max(0.0, slope), self._duration / self._cost)
