"""The policy: what is observed in, what should run out. Nothing else goes in, and nothing is remembered."""

from __future__ import annotations

import math

from ekiben.deploy.policy.mixture import Market, Mixture, cheapest
from ekiben.deploy.policy.placement import Outlook, outlook, place
from ekiben.deploy.policy.plan import Plan
from ekiben.deploy.policy.reasons import explain
from ekiben.deploy.policy.reserve import Bursts, expected_bursts, reserve_for
from ekiben.deploy.policy.rules import Rules
from ekiben.deploy.policy.state import Observed


def decide(observed: Observed, rules: Rules) -> Plan:
    """Say how many instances of each kind should run, and why.

    Spot where it can be had and lasts, with a reserve for the losses to expect; on demand what spot does not give, at
    once or, for work that can wait, only when it cannot wait longer; back to spot as soon as that serves.
    """
    outlooks = [outlook(pool, observed, rules) for pool in observed.pools]
    bursts = expected_bursts(observed.losses, rules)
    spot = place(observed, _mixture(observed, outlooks, bursts, rules).spot, outlooks, rules)
    missing = _missing(observed, sum(spot), bursts, rules)
    bridge = _bridge(observed, bursts, rules)
    return Plan(spot, max(missing, bridge), explain(observed, outlooks, spot, missing, bridge))


def _mixture(observed: Observed, outlooks: list[Outlook], bursts: Bursts, rules: Rules) -> Mixture:
    """The cheapest mixture of what can be had."""
    kept = sum(pool.kept for pool in observed.pools)
    prices = [view.price for view in outlooks if view.open] or [view.price for view in outlooks]
    market = Market(
        spot_price=round(min(prices, default=1.0) / observed.on_demand.price, 2),
        bursts=bursts,
        gap_s=_gap_s(observed, rules),
        bridged_s=observed.cold_start_s if _can_bridge(observed) else 0.0,
        least_spot=_scouts(observed, rules),
    )
    most_spot = 2 * observed.needed if any(view.open for view in outlooks) else kept
    return cheapest(observed.needed, most_spot, market, rules)


def _missing(observed: Observed, spot: int, bursts: Bursts, rules: Rules) -> int:
    """On-demand instances for what spot does not give; those that run already, while the work can wait for spot."""
    missing = max(0, observed.needed + reserve_for(spot, bursts, _gap_s(observed, rules), rules) - spot)
    if _can_wait(observed, rules):
        return min(missing, observed.on_demand.ready + observed.on_demand.starting)
    return missing


def _bridge(observed: Observed, bursts: Bursts, rules: Rules) -> int:
    """On-demand instances until the spot instances that start serve.

    They are started only where they serve sooner than spot ones; else they would come too late, and are kept where they
    run.
    """
    ready = sum(pool.ready for pool in observed.pools)
    bridge = max(0, observed.needed + reserve_for(ready, bursts, _gap_s(observed, rules), rules) - ready)
    if _can_bridge(observed) and not _can_wait(observed, rules):
        return bridge
    return min(observed.on_demand.ready + observed.on_demand.starting, bridge)


def _scouts(observed: Observed, rules: Rules) -> int:
    """Spot instances that are worth their price for what they teach; fewer the more is known."""
    known = observed.losses.held_s / 3600 / rules.prior_h
    return math.ceil(rules.scouts * observed.needed / (1 + known))


def _gap_s(observed: Observed, rules: Rules) -> float:
    """Seconds between a loss and the service of what replaces it first; none for work that can wait as long."""
    if _can_wait(observed, rules):
        return 0.0
    return max(0.0, min(observed.cold_start_s, observed.on_demand.start_s) - observed.usable_notice_s)


def _can_wait(observed: Observed, rules: Rules) -> bool:
    """Whether on-demand instances that are started later than now still come in time for the most urgent work."""
    return observed.slack_s > observed.on_demand.start_s + rules.slack_margin_s


def _can_bridge(observed: Observed) -> bool:
    """Whether on-demand instances serve before spot ones that were asked for at the same time."""
    return observed.on_demand.start_s < observed.cold_start_s
