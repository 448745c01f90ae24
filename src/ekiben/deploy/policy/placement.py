"""Which pools get the spot instances.

New instances go where instances have lasted, in proportion: a pool that loses half as often gets twice as many. A pool
that refused is left alone for a moment; one in which instances do not last long enough to pay for their start gets none.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from ekiben.deploy.policy.rules import Rules
from ekiben.deploy.policy.state import Observed, PoolState


def hazard_per_h(pool: PoolState, rules: Rules) -> float:
    """Losses that an instance of the pool has to expect in an hour, with the beliefs mixed in."""
    losses = pool.history.losses
    believed = rules.prior_h * rules.prior_episodes_per_h * rules.prior_share
    return (losses.share + believed) / (losses.held_s / 3600 + rules.prior_h)


def price_with_starts(pool: PoolState, cold_start_s: float, rules: Rules) -> float:
    """Price of an hour's service: the spot price and the starts that losses make necessary."""
    return pool.pool.spot_price * (1 + hazard_per_h(pool, rules) * cold_start_s / 3600)


def pays(pool: PoolState, observed: Observed, rules: Rules) -> bool:
    """Whether an instance started now is expected to save more than its start costs."""
    life_s = 3600 / hazard_per_h(pool, rules)
    served_s = life_s * math.exp(-observed.cold_start_s / life_s)
    saved = (observed.on_demand.price - pool.pool.spot_price) * served_s
    return saved > rules.spot_worth * pool.pool.spot_price * observed.cold_start_s


def askable(pool: PoolState, observed: Observed, rules: Rules) -> bool:
    """Whether the pool may be asked for instances now."""
    return observed.now_s - pool.history.refused_at_s >= rules.retry_s


def place(observed: Observed, wanted: int, open_pools: list[int], rules: Rules) -> tuple[int, ...]:
    """Bring the spot instances to `wanted`, as far as `open_pools` take more.

    Returns:
        Instances for each pool, in the order of the observed pools.
    """
    counts = [pool.kept for pool in observed.pools]
    hazards = [hazard_per_h(pool, rules) for pool in observed.pools]
    total = sum(counts)
    if total < wanted and open_pools:
        prices = [price_with_starts(pool, observed.cold_start_s, rules) for pool in observed.pools]
        limit = min(prices[index] for index in open_pools) * 1.15
        near = [index for index in open_pools if prices[index] <= limit]
        _change(counts, near, wanted - total, 1, lambda index: ((counts[index] + 1) * hazards[index], prices[index]))
    elif total > wanted:
        _change(counts, range(len(counts)), total - wanted, -1, lambda index: (-counts[index] * hazards[index], 0.0))
    return tuple(counts)


def _change(
    counts: list[int], pools: list[int] | range, times: int, by: int, worth: Callable[[int], tuple[float, float]]
) -> None:
    for _ in range(times):
        counts[min((index for index in pools if counts[index] + by >= 0), key=worth)] += by
