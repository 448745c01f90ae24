"""One queue, first come first served, and replicas that a scaling policy adds and removes."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ekiben.policy.scaling import Load, ScalingPolicy

_RATE_WINDOW_S = 60.0
_STARTED, _DONE, _DECIDE, _ARRIVED = range(4)  # of one moment, in this order


@dataclass(frozen=True, slots=True)
class Served:
    """What came of it.

    Args:
        waits_s: Seconds that each request waited for a slot, shape (requests,).
        replica_hours: Paid for, cold starts included.
        most_replicas: At one time.
    """

    waits_s: NDArray[np.float64]
    replica_hours: float
    most_replicas: int


@dataclass(frozen=True, slots=True)
class Station:
    """The replicas' properties.

    Args:
        slots: Requests that one computes at once.
        cold_start_s: From a decision until a new one takes requests.
        decide_s: Between two decisions.
        hold_s: How long a peak of traffic counts, before fewer replicas may be wanted.
        first: Replicas in the beginning.
    """

    slots: int = 1
    cold_start_s: float = 120.0
    decide_s: float = 15.0
    hold_s: float = 300.0
    first: int = 2


def serve(
    times_s: NDArray[np.float64], services_s: NDArray[np.float64], policy: ScalingPolicy, station: Station
) -> Served:
    """Let the requests through.

    Args:
        times_s: Arrivals in order, shape (requests,).
        services_s: Seconds of computing for each, shape (requests,).
        policy: Decides how many replicas.
        station: The replicas' properties.
    """
    return _Queue(times_s, services_s, policy, station).run()


class _Queue:
    def __init__(
        self, times_s: NDArray[np.float64], services_s: NDArray[np.float64], policy: ScalingPolicy, station: Station
    ) -> None:
        self._times, self._services, self._policy, self._station = times_s, services_s.tolist(), policy, station
        self._mean_service_s = float(services_s.mean())
        self._waiting: deque[tuple[int, float]] = deque()
        self._waits = np.zeros(len(times_s))
        self._rates: deque[tuple[float, float]] = deque()
        self._replicas = self._most = station.first  # running or starting
        self._started = station.first
        self._running = 0
        self._paid_s = self._paid_until = 0.0
        self._left = len(times_s)
        self._events: list[tuple[float, int, int]] = [(float(time), _ARRIVED, n) for n, time in enumerate(times_s)]
        self._events.append((_RATE_WINDOW_S, _DECIDE, 0))  # before, nothing is known of the traffic
        heapq.heapify(self._events)

    def run(self) -> Served:
        while self._left:
            now, kind, number = heapq.heappop(self._events)
            if kind == _ARRIVED:
                self._waiting.append((number, now))
            elif kind == _DONE:
                self._running -= 1
                self._left -= 1
            elif kind == _STARTED:
                self._started = min(self._replicas, self._started + number)
            else:
                self._decide(now)
            self._begin(now)
        self._pay(now)
        return Served(self._waits, self._paid_s / 3600, self._most)

    def _begin(self, now: float) -> None:
        while self._waiting and self._running < self._started * self._station.slots:
            number, arrived = self._waiting.popleft()
            self._waits[number] = now - arrived
            self._running += 1
            heapq.heappush(self._events, (now + self._services[number], _DONE, number))

    def _decide(self, now: float) -> None:
        wanted = max(1, self._policy.desired(self._load(now)))
        self._pay(now)
        if wanted > self._replicas:
            heapq.heappush(self._events, (now + self._station.cold_start_s, _STARTED, wanted - self._replicas))
        self._replicas = wanted
        self._started = min(self._started, wanted)  # requests that run are finished where they are
        self._most = max(self._most, wanted)
        heapq.heappush(self._events, (now + self._station.decide_s, _DECIDE, 0))

    def _load(self, now: float) -> Load:
        arrived = np.searchsorted(self._times, now, side="right")
        before = np.searchsorted(self._times, now - _RATE_WINDOW_S, side="right")
        rate = float(arrived - before) / _RATE_WINDOW_S
        self._rates.append((now, rate))
        while self._rates[0][0] < now - self._station.hold_s:
            self._rates.popleft()
        peak = max(rate for _, rate in self._rates)
        return Load(
            len(self._waiting), self._running, self._replicas, self._mean_service_s, self._station.slots, rate, peak
        )

    def _pay(self, now: float) -> None:
        """For replicas, and for requests that run on ones that were given up."""
        busy = -(-self._running // self._station.slots)
        self._paid_s += (now - self._paid_until) * max(self._replicas, busy)
        self._paid_until = now
