"""The policy's answer as settings of an Auto Scaling group."""

from __future__ import annotations

from typing import NamedTuple

from ekiben.deploy.control.seen import Phase, Seen
from ekiben.deploy.policy import Observed, Plan


class Orders(NamedTuple):
    """What the group shall be set to.

    Args:
        desired: Capacity.
        on_demand: Of this on demand; the rest is spot.
        zones: Where instances may be.
        short: Capacity that the policy wants beyond the group's most.
    """

    desired: int
    on_demand: int
    zones: frozenset[str]
    short: int = 0


def orders(plan: Plan, observed: Observed, seen: Seen) -> Orders:
    """Put a plan into the group's words.

    An instance with an interruption notice counts for Auto Scaling until it ends, and for the policy no longer; so the
    group is asked for as many more, and the replacement starts at once. Where spot is wanted in some zones only, the
    others are closed, unless instances run there: closing their zone would end them.
    """
    leaving = sum(i.weight for i in seen.instances if i.phase is Phase.GOING and i.counted)
    wanted = sum(plan.spot) + plan.on_demand + leaving
    desired = min(wanted, seen.settings.most)
    return Orders(desired, min(plan.on_demand, desired), _zones(plan, observed, seen), wanted - desired)


def _zones(plan: Plan, observed: Observed, seen: Seen) -> frozenset[str]:
    every = frozenset(seen.settings.subnets)
    wanted = {state.pool.zone for state, count in zip(observed.pools, plan.spot, strict=True) if count}
    occupied = {instance.zone for instance in seen.instances if instance.counted}
    return every & (wanted | occupied) if wanted else every
