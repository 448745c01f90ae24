"""How the comparison strategies place spot instances: spread, and elsewhere when a pool refuses."""

from __future__ import annotations

from collections.abc import Sequence

from ekiben.deploy.policy import Observed


def spread(observed: Observed, wanted: int, pools: Sequence[int]) -> tuple[int, ...]:
    """Bring the number of spot instances to `wanted`: new ones into the emptiest of `pools`, old ones from the fullest.

    A pool that refused in this moment is not asked twice. Of pools equally full the cheaper one is taken.
    """
    counts = [pool.kept for pool in observed.pools]
    open_pools = [index for index in pools if observed.pools[index].history.refused_at_s < observed.now_s]
    while sum(counts) > wanted:
        fullest = max(range(len(counts)), key=lambda index: (counts[index], index not in pools))
        counts[fullest] -= 1
    while open_pools and sum(counts) < wanted:
        emptiest = min(open_pools, key=lambda index: (counts[index], observed.pools[index].pool.spot_price))
        counts[emptiest] += 1
    return tuple(counts)
