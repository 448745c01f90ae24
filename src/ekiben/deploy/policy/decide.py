"""The policy: what is observed in, what should run out. Nothing else goes in, and nothing is remembered."""

from __future__ import annotations

import math

from ekiben.deploy.policy.mixture import Market, Mixture, cheapest
from ekiben.deploy.policy.placement import askable, pays, place, price_with_starts
from ekiben.deploy.policy.plan import Cause, Plan, Reason
from ekiben.deploy.policy.reserve import Bursts, expected_bursts, reserve_for
from ekiben.deploy.policy.rules import Rules
from ekiben.deploy.policy.state import Observed


def decide(observed: Observed, rules: Rules) -> Plan:
    """Say how many instances of each kind should run, and why.

    Spot where it can be had and lasts, with a reserve for the losses to expect; on demand what spot does not give, at
    once or, for work that can wait, only when it cannot wait longer; back to spot as soon as that serves.
    """
    open_pools = [index for index, pool in enumerate(observed.pools) if askable(pool, observed, rules)]
    paying = [index for index in open_pools if pays(observed.pools[index], observed, rules)]
    used = sum(1 for index, pool in enumerate(observed.pools) if pool.kept or index in paying)
    bursts = expected_bursts(observed.losses, used, rules)
    mixture = _mixture(observed, paying, bursts, rules)
    spot = place(observed, mixture.spot, paying, rules)
    on_demand = _on_demand(observed, sum(spot), bursts, rules)
    return Plan(spot, on_demand, ())


def _mixture(observed: Observed, paying: list[int], bursts: Bursts, rules: Rules) -> Mixture:
    """The cheapest mixture of what can be had."""
    kept = sum(pool.kept for pool in observed.pools)
    most_spot = 2 * observed.needed if paying else kept
    price = min(
        (price_with_starts(observed.pools[index], observed.cold_start_s, rules) for index in paying),
        default=min((pool.pool.spot_price for pool in observed.pools), default=1.0),
    )
    bridged_s = observed.cold_start_s if _can_bridge(observed) else 0.0
    market = Market(
        round(price / observed.on_demand.price, 2), bursts, _gap_s(observed), bridged_s, _scouts(observed, rules)
    )
    return cheapest(observed.needed, most_spot, market, rules)


def _on_demand(observed: Observed, spot: int, bursts: Bursts, rules: Rules) -> int:
    """What spot does not give, and what bridges the time until spot instances that start serve.

    A bridge is started only where on-demand instances start faster than spot ones; else it would come too late to be
    one, and is only kept where it runs.
    """
    gap_s = _gap_s(observed)
    wanted = max(0, observed.needed + reserve_for(spot, bursts, gap_s, rules) - spot)
    ready = sum(pool.ready for pool in observed.pools)
    bridge = max(0, observed.needed + reserve_for(ready, bursts, gap_s, rules) - ready)
    if not _can_bridge(observed):
        bridge = min(observed.on_demand.ready + observed.on_demand.starting, bridge)
    return max(wanted, bridge)


def _scouts(observed: Observed, rules: Rules) -> int:
    """Spot instances that are worth their price for what they teach; fewer the more is known."""
    known = observed.losses.held_s / 3600 / rules.prior_h if rules.prior_h else 0.0
    return math.ceil(rules.scouts * observed.needed / (1 + known))


def _gap_s(observed: Observed) -> float:
    """Seconds between a loss and the service of what replaces it first."""
    return max(0.0, min(observed.cold_start_s, observed.on_demand.start_s) - observed.usable_notice_s)


def _can_bridge(observed: Observed) -> bool:
    """Whether on-demand instances serve before spot ones that were asked for at the same time."""
    return observed.on_demand.start_s < observed.cold_start_s
