"""An EC2 Auto Scaling group with mixed instances as it is set up by default for spot, without a policy beside it.

Desired capacity = what is needed, on-demand base 0, allocation `price-capacity-optimized`, capacity rebalancing on: an
instance with a notice is replaced at once. AWS knows how deep each pool is; here the pools that never refused or lost
come first, those longest ago next, the cheaper ones first among equals. A group does not fall back to on-demand.
"""

from __future__ import annotations

from dataclasses import dataclass

from ekiben.deploy.policy import Observed, Plan


@dataclass(frozen=True, slots=True)
class AutoScalingDefaults:
    """See the module."""

    name: str = "Auto Scaling defaults"

    def __call__(self, observed: Observed) -> Plan:
        """Say what should run now."""
        counts = [pool.kept for pool in observed.pools]
        order = sorted(
            range(len(counts)),
            key=lambda index: (
                max(observed.pools[index].history.refused_at_s, observed.pools[index].history.lost_at_s),
                observed.pools[index].pool.spot_price,
            ),
        )
        open_pools = [index for index in order if observed.pools[index].history.refused_at_s < observed.now_s]
        # Zones are kept balanced: the better half of the pools takes what is missing, in turn.
        better = open_pools[: max(1, (len(open_pools) + 1) // 2)]
        while better and sum(counts) < observed.needed:
            counts[min(better, key=lambda index: counts[index])] += 1
        while sum(counts) > observed.needed:
            counts[max(range(len(counts)), key=lambda index: counts[index])] -= 1
        return Plan(tuple(counts), 0)
