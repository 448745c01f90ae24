"""How many of the instances should be spot: as many as make the whole cheapest."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from ekiben.deploy.policy.reserve import Bursts, lost_beyond, reserve_for
from ekiben.deploy.policy.rules import Rules


class Mixture(NamedTuple):
    """So many of each kind."""

    spot: int
    on_demand: int


class Market(NamedTuple):
    """What a mixture is chosen by.

    Args:
        spot_price: Of a spot instance with its starts, as a share of the on-demand price.
        bursts: Losses as they are expected.
        gap_s: Seconds between a loss and the service of what replaces it first.
        bridged_s: Seconds that on-demand instances stand in for lost spot ones; 0 where they cannot.
        least_spot: Spot instances that are held at any price, to learn from.
    """

    spot_price: float
    bursts: Bursts
    gap_s: float
    bridged_s: float
    least_spot: int


@lru_cache(maxsize=16_384)
def cheapest(needed: int, most_spot: int, market: Market, rules: Rules) -> Mixture:
    """The cheapest mixture of up to `most_spot` spot instances that has what is needed and the reserve for its losses.

    Spot instances beyond that are taken while they cost less than the on-demand instances that would stand in for them:
    the newsvendor's rule.
    """
    most_spot = min(most_spot, 2 * needed)
    least_spot = min(most_spot, market.least_spot)
    choices = [_choice(spot, needed, market, rules) for spot in range(least_spot, most_spot + 1)]
    return min(choices, key=lambda choice: _cost(choice, needed, market))


def _choice(spot: int, needed: int, market: Market, rules: Rules) -> Mixture:
    return Mixture(spot, max(0, needed + reserve_for(spot, market.bursts, market.gap_s, rules) - spot))


def _cost(mixture: Mixture, needed: int, market: Market) -> float:
    """In on-demand instances."""
    spare = min(mixture.spot, mixture.spot + mixture.on_demand - needed)
    bridging = market.bridged_s / 3600 * lost_beyond(mixture.spot, spare, market.bursts)
    return mixture.spot * market.spot_price + mixture.on_demand + bridging
