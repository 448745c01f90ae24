"""The policy: what is observed in, what should run out. Nothing else goes in, and nothing is remembered."""

from __future__ import annotations

from ekiben.deploy.policy.mixture import Mixture, cheapest
from ekiben.deploy.policy.placement import askable, pays, place, price_with_starts
from ekiben.deploy.policy.plan import Cause, Plan, Reason
from ekiben.deploy.policy.reserve import expected_bursts, reserve_for
from ekiben.deploy.policy.rules import Rules
from ekiben.deploy.policy.state import Observed


def decide(observed: Observed, rules: Rules) -> Plan:
    """Say how many instances of each kind should run, and why.

    Spot where it can be had and lasts, with a reserve for the losses to expect; on demand what spot does not give, at
    once or, for work that can wait, only when it cannot wait longer; back to spot as soon as that serves.
    """
    open_pools = [index for index, pool in enumerate(observed.pools) if askable(pool, observed, rules)]
    paying = [index for index in open_pools if pays(observed.pools[index], observed, rules)]
    mixture = _mixture(observed, paying, rules)
    spot = place(observed, mixture.spot, paying, rules)
    on_demand = _on_demand(observed, mixture, sum(spot), rules)
    return Plan(spot, on_demand, ())


def _mixture(observed: Observed, paying: list[int], rules: Rules) -> Mixture:
    """The cheapest mixture of what can be had."""
    kept = sum(pool.kept for pool in observed.pools)
    most_spot = 2 * observed.needed if paying else kept
    price = min(
        (price_with_starts(observed.pools[index], observed.cold_start_s, rules) for index in paying),
        default=min((pool.pool.spot_price for pool in observed.pools), default=1.0),
    )
    bursts = expected_bursts(observed.losses, rules)
    return cheapest(observed.needed, most_spot, price / observed.on_demand.price, bursts, _gap_s(observed), rules)


def _on_demand(observed: Observed, mixture: Mixture, spot: int, rules: Rules) -> int:
    """What spot does not give; and what runs already, until the spot instances that start serve."""
    bursts = expected_bursts(observed.losses, rules)
    wanted = max(0, observed.needed + reserve_for(spot, bursts, _gap_s(observed), rules) - spot)
    ready = sum(pool.ready for pool in observed.pools)
    bridge = max(0, observed.needed + reserve_for(ready, bursts, _gap_s(observed), rules) - ready)
    running = observed.on_demand.ready + observed.on_demand.starting
    return max(wanted, min(running, bridge))


def _gap_s(observed: Observed) -> float:
    """Seconds between a loss and the service of what replaces it."""
    return max(0.0, observed.cold_start_s - observed.usable_notice_s)
