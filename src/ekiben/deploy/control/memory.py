"""What is remembered of a group from one look to the next."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ekiben.deploy.control.seen import Phase, Seen
from ekiben.deploy.policy import BurstHistory, PoolHistory

POOL_HALF_LIFE_S = 6 * 3600.0
BURST_HALF_LIFE_S = 7 * 86_400.0


class Memory(NamedTuple):
    """What the policy's histories are made of.

    Args:
        at_s: When the last look was, seconds since 1970.
        kept: Spot instances without a notice then, by id: their pool and weight.
        pools: History of each pool.
        bursts: History of the whole group.
        lost: Spot instances taken away so far.
    """

    at_s: float
    kept: Mapping[str, tuple[str, int]] = MappingProxyType({})
    pools: Mapping[str, PoolHistory] = MappingProxyType({})
    bursts: BurstHistory = BurstHistory()
    lost: int = 0


def fold(memory: Memory, seen: Seen, now_s: float, burst_s: float) -> Memory:
    """What is remembered after another look.

    Args:
        memory: What was.
        seen: What is.
        now_s: Seconds since 1970; a clock that was set back counts as no time.
        burst_s: Seconds from its first loss in which a burst of losses goes on.
    """
    elapsed_s = max(0.0, now_s - memory.at_s)
    held = _by_pool(memory.kept)
    lost = {name: of for name, of in memory.kept.items() if name in seen.taken}
    bursts = memory.bursts.held(elapsed_s, BURST_HALF_LIFE_S) if held else memory.bursts
    if lost:
        bursts = bursts.lost(now_s, sum(_by_pool(lost).values()) / sum(held.values()), burst_s)
    names = {*memory.pools, *held, *seen.refused}
    lost_by_pool = _by_pool(lost)
    pools = {}
    for name in names:
        history = memory.pools.get(name, PoolHistory())
        if name in held:
            history = history.held(elapsed_s, POOL_HALF_LIFE_S)
        if name in lost_by_pool:
            history = history.lost(now_s, lost_by_pool[name] / held[name])
        pools[name] = history.refused(now_s) if name in seen.refused else history
    return Memory(now_s, _kept(seen), pools, bursts, memory.lost + len(lost))


def dump(memory: Memory) -> str:
    """As JSON."""
    return json.dumps(memory._asdict() | {"kept": dict(memory.kept), "pools": dict(memory.pools)})


def load(text: str) -> Memory:
    """What `dump` wrote.

    Raises:
        ValueError: It did not write this.
    """
    try:
        found = json.loads(text)
        bursts = BurstHistory(*found["bursts"])
        return Memory(
            at_s=float(found["at_s"]),
            kept={name: (str(pool), int(weight)) for name, (pool, weight) in found["kept"].items()},
            pools={name: PoolHistory(*history) for name, history in found["pools"].items()},
            bursts=bursts._replace(beyond=tuple(bursts.beyond)),
            lost=int(found["lost"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no memory of a controller: {error}") from None


def _kept(seen: Seen) -> dict[str, tuple[str, int]]:
    return {
        instance.id: (instance.pool, instance.weight)
        for instance in seen.instances
        if instance.spot and instance.phase is not Phase.GOING and instance.id not in seen.taken
    }


def _by_pool(instances: Mapping[str, tuple[str, int]]) -> dict[str, int]:
    weights: dict[str, int] = {}
    for pool, weight in instances.values():
        weights[pool] = weights.get(pool, 0) + weight
    return weights
