"""How many of the instances should be spot: as many as make need and reserve together cheapest."""

from __future__ import annotations

from typing import NamedTuple

from ekiben.deploy.policy.reserve import Bursts, reserve_for
from ekiben.deploy.policy.rules import Rules


class Mixture(NamedTuple):
    """So many of each kind; `reserve` of them are there for losses."""

    spot: int
    on_demand: int
    reserve: int


def cheapest(needed: int, most_spot: int, price_ratio: float, bursts: Bursts, gap_s: float, rules: Rules) -> Mixture:
    """The cheapest mixture that has what is needed and the reserve for its own spot instances.

    Args:
        needed: Replicas that must serve.
        most_spot: Spot instances that can be had.
        price_ratio: Spot price as a share of the on-demand price.
        bursts: Losses as they are expected.
        gap_s: Seconds between a loss and its replacement.
        rules: How available the whole shall be.
    """
    best, best_cost = Mixture(0, needed, 0), float(needed)
    for spot in range(1, min(most_spot, 2 * needed) + 1):
        reserve = reserve_for(spot, bursts, gap_s, rules)
        on_demand = max(0, needed + reserve - spot)
        cost = spot * price_ratio + on_demand
        if cost < best_cost:
            best, best_cost = Mixture(spot, on_demand, reserve), cost
    return best
