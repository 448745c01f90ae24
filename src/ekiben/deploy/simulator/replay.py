"""Replaying a trace: the market takes and gives, the strategy asks.

A pool never holds more instances than the trace's capacity. When capacity falls below what is held, the excess gets
an interruption notice as long before as the terms say, and from then on the pool starts nothing that would not
outlast the fall. A request for which there is no capacity is refused at once, as EC2 does, so that a strategy can ask
another pool in the same tick. The deployment runs when the trace begins: what is asked for in the first tick serves
at once. Where nothing happens, ticks are skipped until something does or a review is due.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ekiben.deploy.policy import BurstHistory, Observed, OnDemandState, Plan, PoolHistory, PoolState
from ekiben.deploy.simulator.fleet import Fleet
from ekiben.deploy.simulator.outcome import Outcome
from ekiben.deploy.simulator.strategies.strategy import Strategy
from ekiben.deploy.simulator.terms import Terms
from ekiben.deploy.simulator.trace import Trace


def replay(trace: Trace, needed: NDArray[np.int64], strategy: Strategy, terms: Terms) -> Outcome:
    """Let one strategy run on one trace.

    Args:
        trace: The market.
        needed: Replicas needed, shape (ticks,).
        strategy: A fresh one.
        terms: Cold start, notice and prices.
    """
    return _Replay(trace, needed, strategy, terms).run()


def surviving(capacity: NDArray[np.int64], ticks: int) -> NDArray[np.int64]:
    """The lowest capacity from each tick until so many ticks later, shape like `capacity`."""
    padded = np.vstack([capacity, np.repeat(capacity[-1:], ticks, axis=0)])
    lowest: NDArray[np.int64] = sliding_window_view(padded, ticks + 1, axis=0).min(axis=-1)
    return lowest


class _Replay:
    def __init__(self, trace: Trace, needed: NDArray[np.int64], strategy: Strategy, terms: Terms) -> None:
        self._trace, self._needed, self._strategy, self._terms = trace, needed, strategy, terms
        notice = terms.usable_notice_ticks(trace.tick_s)
        outlast = surviving(trace.capacity, notice)
        self._capacity: list[list[int]] = trace.capacity.tolist()
        self._outlast: list[list[int]] = outlast.tolist()
        self._next_change = _next_change(np.hstack([trace.capacity, outlast, needed[:, None]]))
        self._cold_ticks = terms.cold_start_ticks(trace.tick_s)
        self._on_demand_start_ticks = terms.on_demand_ticks(trace.tick_s)
        self._notice_ticks, self._notice_s = notice, notice * trace.tick_s
        fastest_s = min(self._cold_ticks, self._on_demand_start_ticks) * trace.tick_s
        self._burst_s = max(trace.tick_s, fastest_s - self._notice_s)
        self._review_ticks = max(1, int(terms.review_s // trace.tick_s))
        self._fleets = [Fleet() for _ in trace.pools]
        self._histories = [PoolHistory() for _ in trace.pools]
        self._on_demand = Fleet()
        self._all_losses = BurstHistory()
        self._serving, self._spot, self._owned = (np.zeros(trace.ticks, dtype=np.int64) for _ in range(3))
        self._spot_ticks = [0] * len(trace.pools)
        self._on_demand_ticks = self._losses = self._launches = 0

    def run(self) -> Outcome:
        tick = 0
        while tick < self._trace.ticks:
            self._market(tick)
            satisfied = self._ask(tick)
            if tick == 0:
                self._serve_at_once()
                satisfied = self._ask(tick)
            until = self._quiet_until(tick) if satisfied else tick + 1
            self._record(tick, until)
            tick = until
        return self._outcome()

    def _market(self, tick: int) -> None:
        """What happens to the instances without anybody's doing."""
        self._on_demand.start_serving(tick)
        now_s = tick * self._trace.tick_s
        all_kept, all_lost = sum(fleet.kept for fleet in self._fleets), 0
        for index, fleet in enumerate(self._fleets):
            fleet.start_serving(tick)
            kept, outlast = fleet.kept, self._outlast[tick][index]
            if kept > outlast:
                fleet.give_notice(kept - outlast, tick + self._notice_ticks)
                all_lost += kept - outlast
                self._histories[index] = self._histories[index].lost(now_s, (kept - outlast) / kept)
            if fleet.going:
                fleet.end(tick, self._capacity[tick][index])
        if all_lost:
            self._losses += all_lost
            self._all_losses = self._all_losses.lost(now_s, all_lost / all_kept, self._burst_s)

    def _ask(self, tick: int) -> bool:
        """Ask the strategy, and again as long as pools refuse; whether it got all it wanted."""
        for _ in range(len(self._fleets) + 1):
            if not self._carry_out(tick, self._strategy(self._observed(tick))):
                return True
        return False

    def _serve_at_once(self) -> None:
        for fleet in (*self._fleets, self._on_demand):
            fleet.start_serving(max(self._cold_ticks, self._on_demand_start_ticks))

    def _carry_out(self, tick: int, plan: Plan) -> bool:
        """Start and release; whether any pool refused."""
        due, refused = tick + self._cold_ticks, False
        for index, (fleet, wanted) in enumerate(zip(self._fleets, plan.spot, strict=True)):
            missing = wanted - fleet.kept
            if missing < 0:
                fleet.release(-missing)
            elif missing > 0:
                granted = min(missing, max(0, self._outlast[tick][index] - fleet.kept))
                if granted:
                    fleet.launch(granted, due)
                    self._launches += granted
                if granted < missing:
                    refused = True
                    self._histories[index] = self._histories[index].refused(tick * self._trace.tick_s)
        missing = plan.on_demand - self._on_demand.kept
        if missing > 0:
            self._on_demand.launch(missing, tick + self._on_demand_start_ticks)
            self._launches += missing
        elif missing < 0:
            self._on_demand.release(-missing)
        return refused

    def _observed(self, tick: int) -> Observed:
        return Observed(
            now_s=tick * self._trace.tick_s,
            needed=int(self._needed[tick]),
            cold_start_s=self._cold_ticks * self._trace.tick_s,
            usable_notice_s=self._notice_s,
            pools=tuple(
                PoolState(pool, fleet.ready, fleet.starting, fleet.going, history)
                for pool, fleet, history in zip(self._trace.pools, self._fleets, self._histories, strict=True)
            ),
            on_demand=OnDemandState(
                self._terms.on_demand_price,
                self._on_demand_start_ticks * self._trace.tick_s,
                self._on_demand.ready,
                self._on_demand.starting,
            ),
            losses=self._all_losses,
        )

    def _quiet_until(self, tick: int) -> int:
        """The next tick in which anything can be different."""
        due = [fleet.next_due() for fleet in (*self._fleets, self._on_demand)]
        return min(
            self._next_change[tick], tick + self._review_ticks, *(moment for moment in due if moment is not None)
        )

    def _record(self, tick: int, until: int) -> None:
        until = min(until, self._trace.ticks)
        ticks = until - tick
        self._serving[tick:until] = self._on_demand.ready + sum(fleet.ready + fleet.going for fleet in self._fleets)
        self._spot[tick:until] = sum(fleet.held for fleet in self._fleets)
        self._owned[tick:until] = self._on_demand.held
        self._on_demand_ticks += ticks * self._on_demand.held
        if self._spot[tick]:
            self._all_losses = self._all_losses.held(ticks * self._trace.tick_s, self._terms.burst_half_life_s)
        for index, fleet in enumerate(self._fleets):
            if fleet.held:
                self._spot_ticks[index] += ticks * fleet.held
                self._histories[index] = self._histories[index].held(
                    ticks * self._trace.tick_s, self._terms.half_life_s
                )

    def _outcome(self) -> Outcome:
        hours = self._trace.tick_s / 3600
        spot = sum(ticks * pool.spot_price for ticks, pool in zip(self._spot_ticks, self._trace.pools, strict=True))
        return Outcome(
            strategy=self._strategy.name,
            tick_s=self._trace.tick_s,
            needed=self._needed,
            serving=self._serving,
            spot=self._spot,
            on_demand=self._owned,
            cost=hours * (spot + self._on_demand_ticks * self._terms.on_demand_price) + self._standby_cost(),
            losses=self._losses,
            launches=self._launches,
        )

    def _standby_cost(self) -> float:
        """Of the stopped instances: as many as are needed at most, all the time."""
        if self._terms.standby_start_s is None or not self._on_demand_ticks:
            return 0.0
        return self._terms.standby_price * int(self._needed.max()) * self._trace.hours


def _next_change(rows: NDArray[np.int64]) -> list[int]:
    """For each tick the next one in which a row differs from the one before it, or the end."""
    changes = np.append(np.flatnonzero(np.any(np.diff(rows, axis=0) != 0, axis=1)) + 1, len(rows))
    following = np.searchsorted(changes, np.arange(len(rows)), side="right")
    return [int(tick) for tick in changes[following]]
