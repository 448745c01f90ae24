"""The terms under which a trace is replayed; the same for every strategy."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """What a replay assumes.

    Args:
        cold_start_s: From the request for an instance until it serves; it is paid for meanwhile.
        notice_s: Between an interruption notice and the instance's end.
        drain_s: The part of it in which the instance no longer serves.
        standby_start_s: The cold start of on-demand instances where stopped ones stand by; None: there are none.
        standby_price: For one of these and an hour, its disk; as many as are needed at most stand by.
        on_demand_price: For a replica and hour; 1 makes every cost a share of it.
        half_life_s: How long the past takes to count half, in the histories of pools that the policy sees.
        burst_half_life_s: The same in the history of bursts: large ones are rare, so it is kept for longer.
        review_s: How often a strategy is asked while nothing happens.
    """

    cold_start_s: float = 180.0
    notice_s: float = 120.0
    drain_s: float = 15.0
    standby_start_s: float | None = None
    standby_price: float = 0.01
    on_demand_price: float = 1.0
    half_life_s: float = 6 * 3600.0
    burst_half_life_s: float = 7 * 86_400.0
    review_s: float = 600.0

    def cold_start_ticks(self, tick_s: float) -> int:
        """Whole ticks of a cold start, rounded up; at least 1."""
        return max(1, math.ceil(self.cold_start_s / tick_s))

    def on_demand_ticks(self, tick_s: float) -> int:
        """Whole ticks until an on-demand instance serves, rounded up; at least 1."""
        if self.standby_start_s is None:
            return self.cold_start_ticks(tick_s)
        return max(1, math.ceil(min(self.standby_start_s, self.cold_start_s) / tick_s))

    def usable_notice_ticks(self, tick_s: float) -> int:
        """Whole ticks that an instance goes on serving after its notice, rounded down."""
        return max(0, int((self.notice_s - self.drain_s) // tick_s))
