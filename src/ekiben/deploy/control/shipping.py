"""What the controller knows of one group, for CloudWatch, which has no other way to the gateway's queue."""

from __future__ import annotations

from typing import Final

import structlog

from ekiben.deploy.control.memory import Memory
from ekiben.deploy.control.numbers import market, usd_per_h
from ekiben.deploy.control.orders import Orders
from ekiben.deploy.control.prices import Prices
from ekiben.deploy.control.seen import Seen
from ekiben.schemas.needs import Needs
from ekiben.telemetry.metric_lines import GROUP, Numbers, tell_metrics

_log = structlog.get_logger("ekiben.control")

EVERY_S: Final = 60.0
"""CloudWatch keeps no finer steps unless it is paid for them."""


class Shipping:
    """Tells once a minute, and of losses at once.

    Args:
        group: Name of the Auto Scaling group.
        lost: Spot instances that had been taken from it before.
    """

    def __init__(self, group: str, lost: int) -> None:
        self._group, self._lost = group, lost
        self._last_s: float | None = None

    def tell(
        self, now_s: float, seen: Seen, memory: Memory, wanted: Orders, prices: Prices, needs: Needs | None
    ) -> None:
        """After a look at the group.

        Args:
            now_s: Seconds since 1970.
            seen: The group.
            memory: What is remembered of it.
            wanted: What was ordered.
            prices: What its instances cost.
            needs: What the gateway said; None leaves its numbers out.
        """
        is_soon = self._last_s is not None and 0 <= now_s - self._last_s < EVERY_S
        # A loss is told at once: after a restart nobody would know that it has not been told.
        if is_soon and memory.lost == self._lost:
            return
        lost: Numbers = {"SpotInstancesLost": (memory.lost - self._lost, "Count")}
        self._last_s, self._lost = now_s, memory.lost
        numbers = {**_of_group(seen, wanted, prices), **lost, **_of_work(needs)}
        tell_metrics(_log, round(now_s * 1_000), {GROUP: self._group}, numbers)


def _of_group(seen: Seen, wanted: Orders, prices: Prices) -> Numbers:
    replica = seen.settings.replica
    markets = [market(each) for each in seen.instances]
    return {
        "SpotInstances": (markets.count("spot"), "Count"),
        "OnDemandInstances": (markets.count("on-demand"), "Count"),
        "ReplicasWanted": (wanted.desired / replica, "Count"),
        "ReplicasShort": (wanted.short / replica, "Count"),
        "DollarsPerHour": (round(sum(usd_per_h(each, prices) for each in seen.instances), 4), "None"),
    }


def _of_work(needs: Needs | None) -> Numbers:
    if needs is None:
        return {}
    return {
        "JobsWaiting": (needs.jobs_waiting, "Count"),
        "JobsRunning": (needs.jobs_running, "Count"),
        "OldestJobAge": (needs.oldest_job_s, "Seconds"),
    }
