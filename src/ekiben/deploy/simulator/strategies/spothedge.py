"""SpotHedge, written from its paper.

Mao et al., "SkyServe: Serving AI Models across Regions and Clouds with Spot Instances", EuroSys 2025, section 3:

- Dynamic placement. Zones are in one of two sets, available and preemptive, all available at first. A zone in which an
  instance is preempted or cannot be launched becomes preemptive; one in which a launch succeeds becomes available. With
  fewer than two available zones, the preemptive ones are taken back. The next instance goes to the available zone with
  the fewest instances, the cheapest of several.
- Over-provisioning: so many spot instances more than needed.
- Dynamic fallback: on-demand instances = min(needed, needed + extra − ready spot instances), ended as spot ones get
  ready.

In the paper losses are noticed when they happen. Here it sees notices too and counts such an instance as lost at once,
which is to its advantage.
"""

from __future__ import annotations

from ekiben.deploy.policy import Observed, Plan


class SpotHedge:
    """SpotHedge with a number of extra spot instances."""

    def __init__(self, extra: int = 1) -> None:
        self._extra = extra
        self._preemptive: set[int] = set()
        self._kept: tuple[int, ...] = ()
        self._asked: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """With the number of extra instances."""
        return f"SpotHedge +{self._extra}"

    def __call__(self, observed: Observed) -> Plan:
        """Say what should run now."""
        self._sort_zones(observed)
        wanted = observed.needed + self._extra
        counts = [pool.kept for pool in observed.pools]
        while sum(counts) > wanted:
            counts[max(range(len(counts)), key=lambda index: counts[index])] -= 1
        open_zones = [index for index in self._available(observed) if self._may_ask(observed, index)]
        while open_zones and sum(counts) < wanted:
            counts[min(open_zones, key=lambda index: (counts[index], observed.pools[index].pool.spot_price))] += 1
        self._kept = tuple(pool.kept for pool in observed.pools)
        self._asked = tuple(counts)
        ready = sum(pool.ready for pool in observed.pools)
        return Plan(self._asked, max(0, min(observed.needed, wanted - ready)))

    def _sort_zones(self, observed: Observed) -> None:
        for index, pool in enumerate(observed.pools):
            troubled = pool.history.refused_at_s == observed.now_s or pool.history.lost_at_s == observed.now_s
            granted = bool(self._kept) and pool.kept > self._kept[index]
            if troubled:
                self._preemptive.add(index)
            elif granted:
                self._preemptive.discard(index)
        if len(observed.pools) - len(self._preemptive) < 2:
            self._preemptive.clear()

    def _available(self, observed: Observed) -> list[int]:
        return [index for index in range(len(observed.pools)) if index not in self._preemptive]

    @staticmethod
    def _may_ask(observed: Observed, index: int) -> bool:
        """A zone is not asked twice in one moment."""
        return observed.pools[index].history.refused_at_s < observed.now_s
