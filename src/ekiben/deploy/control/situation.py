"""What was seen and is remembered, in the policy's terms."""

from __future__ import annotations

from collections.abc import Iterable

from ekiben.deploy.control.memory import Memory
from ekiben.deploy.control.prices import Prices
from ekiben.deploy.control.seen import Instance, Phase, Seen
from ekiben.deploy.policy import Observed, OnDemandState, Pool, PoolHistory, PoolState

# AWS gives two minutes' notice; a drain takes the last of it.
USABLE_NOTICE_S = 105.0


def situation(seen: Seen, memory: Memory, prices: Prices, needed: int, cold_start_s: float) -> Observed:
    """The state of the group as the policy wants it: what it takes for replicas are units of capacity here.

    Args:
        seen: The group.
        memory: What is remembered of it.
        prices: What its instances cost.
        needed: Capacity for the work.
        cold_start_s: Seconds from asking for an instance until it serves.
    """
    return Observed(
        now_s=memory.at_s,
        needed=needed,
        cold_start_s=cold_start_s,
        usable_notice_s=USABLE_NOTICE_S,
        pools=tuple(
            _pool_state(pool, [i for i in seen.instances if i.spot and i.pool == pool.name], memory)
            for pool in pools(seen, prices)
        ),
        on_demand=_on_demand([i for i in seen.instances if not i.spot], prices, cold_start_s),
        losses=memory.bursts,
    )


def pools(seen: Seen, prices: Prices) -> tuple[Pool, ...]:
    """The group's pools that have a spot price, in the order of zones and types."""
    return tuple(
        Pool(zone[:-1], zone, name, prices.spot[zone, name] / weight)
        for zone in sorted(seen.settings.subnets)
        for name, weight in sorted(seen.settings.weights.items())
        if (zone, name) in prices.spot
    )


def _pool_state(pool: Pool, instances: list[Instance], memory: Memory) -> PoolState:
    return PoolState(
        pool,
        ready=_weight(instances, Phase.READY),
        starting=_weight(instances, Phase.STARTING),
        going=_weight(instances, Phase.GOING),
        history=memory.pools.get(pool.name, PoolHistory()),
    )


def _on_demand(instances: list[Instance], prices: Prices, cold_start_s: float) -> OnDemandState:
    return OnDemandState(
        prices.on_demand,
        cold_start_s,
        ready=_weight(instances, Phase.READY),
        starting=_weight(instances, Phase.STARTING),
    )


def _weight(instances: Iterable[Instance], phase: Phase) -> int:
    return sum(instance.weight for instance in instances if instance.phase is phase)
