"""What the policy sees: everything its answer depends on, and nothing it could change."""

from __future__ import annotations

from typing import NamedTuple

from ekiben.deploy.policy.history import BurstHistory, PoolHistory
from ekiben.deploy.policy.pool import Pool


class PoolState(NamedTuple):
    """A pool now.

    Args:
        pool: Which one.
        ready: Instances that serve, without those that are going.
        starting: Instances asked for and granted that do not serve yet.
        going: Instances with an interruption notice; they serve until they are gone.
        history: What was seen there before.
    """

    pool: Pool
    ready: int = 0
    starting: int = 0
    going: int = 0
    history: PoolHistory = PoolHistory()

    @property
    def kept(self) -> int:
        """Instances that run or start and have no notice."""
        return self.ready + self.starting


class OnDemandState(NamedTuple):
    """On-demand instances now.

    Args:
        price: Of one replica for an hour.
        start_s: Seconds from asking for one until it serves: less than a cold start where stopped instances stand by.
        ready: Those that serve.
        starting: Those that do not serve yet.
    """

    price: float
    start_s: float
    ready: int = 0
    starting: int = 0


class Observed(NamedTuple):
    """The state of a deployment at one moment.

    Args:
        now_s: Seconds on any clock that only goes forward; the histories use the same.
        needed: Replicas that the work of this moment needs, from a scaling policy.
        cold_start_s: Seconds from asking for an instance until it serves.
        usable_notice_s: Seconds that an instance goes on serving after its interruption notice: two minutes on AWS,
            less the time of its drain.
        pools: The spot pools that may be used.
        on_demand: Instances that are not taken away.
        losses: Of all pools together.
        slack_s: Seconds that the most urgent work can wait before capacity is missing; 0 where somebody waits for
            the answer. Queued jobs have the time to their deadline, less their own duration.
    """

    now_s: float
    needed: int
    cold_start_s: float
    usable_notice_s: float
    pools: tuple[PoolState, ...]
    on_demand: OnDemandState
    losses: BurstHistory = BurstHistory()
    slack_s: float = 0.0
