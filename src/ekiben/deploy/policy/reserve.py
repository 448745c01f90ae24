"""How many instances more than needed: enough to outlast the losses that come before replacements serve.

A loss is announced `usable_notice_s` ahead and made good after a start; the difference is the gap. Bursts of losses
come at a rate, and a burst takes a share of the instances, for which a beta distribution is fitted to the mean and
the mean square of what was seen and of what is believed beforehand. So many of n instances are lost as a
beta-binomial variable says. Capacity is missing for about rate · gap · P(lost > reserve) of the time, which shall be
no more than the availability leaves.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

from ekiben.deploy.policy.history import LossHistory
from ekiben.deploy.policy.rules import Rules


class Bursts(NamedTuple):
    """Bursts of losses as they are expected: their rate, and the beta distribution of the share each takes."""

    per_h: float
    alpha: float
    beta: float


def expected_bursts(losses: LossHistory, pools: int, rules: Rules) -> Bursts:
    """Join what was seen with what is believed of bursts on instances in so many pools.

    The numbers come in steps of a tenth: more is not known, and what is computed from them can be remembered.
    """
    prior_episodes = rules.prior_h * rules.prior_episodes_per_h
    prior_share = rules.prior_common + (rules.prior_share - rules.prior_common) / max(1, pools)
    prior_square = prior_share**2 + prior_share * (1 - prior_share) / (rules.prior_concentration + 1)
    episodes = losses.episodes + prior_episodes
    mean = (losses.share + prior_episodes * prior_share) / episodes
    square = (losses.share_squared + prior_episodes * prior_square) / episodes
    mean = min(max(mean, 1e-3), 1 - 1e-3)
    variance = min(max(square - mean**2, 1e-4), mean * (1 - mean) * 0.95)
    concentration = mean * (1 - mean) / variance - 1
    per_h = episodes / (losses.held_s / 3600 + rules.prior_h)
    return Bursts(_rounded(per_h), _rounded(mean * concentration), _rounded((1 - mean) * concentration))


def reserve_for(spot: int, bursts: Bursts, gap_s: float, rules: Rules) -> int:
    """The least number r for which losing more than r of `spot` instances is rare enough; 0 to `spot`."""
    endangered = bursts.per_h * gap_s / 3600
    if not spot or endangered <= 1 - rules.availability:
        return 0
    beyond = lost_beyond(spot, bursts.alpha, bursts.beta)
    return next(count for count, tail in enumerate(beyond.probability) if tail * endangered <= 1 - rules.availability)


class LostBeyond(NamedTuple):
    """Of a burst on n instances, for r = 0 … n: the probability that more than r are lost, and how many beyond r."""

    probability: tuple[float, ...]
    expected: tuple[float, ...]


@lru_cache(maxsize=16_384)
def lost_beyond(count: int, alpha: float, beta: float) -> LostBeyond:
    """The tails of the beta-binomial distribution of the instances that one burst takes of `count`."""
    probability, expected = [0.0], [0.0]
    for lost in range(count, 0, -1):
        probability.append(probability[-1] + _probability(lost, count, alpha, beta))
        expected.append(expected[-1] + probability[-1])
    return LostBeyond(tuple(reversed(probability)), tuple(reversed(expected)))


def _probability(lost: int, count: int, alpha: float, beta: float) -> float:
    ways = math.lgamma(count + 1) - math.lgamma(lost + 1) - math.lgamma(count - lost + 1)
    return math.exp(ways + _log_beta(lost + alpha, count - lost + beta) - _log_beta(alpha, beta))


def _log_beta(one: float, other: float) -> float:
    return math.lgamma(one) + math.lgamma(other) - math.lgamma(one + other)


def _rounded(value: float) -> float:
    return math.exp(round(10 * math.log(value)) / 10)
