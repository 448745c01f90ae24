"""How many replicas the work needs: pure functions of the load, one frozen object for each rule.

`TrafficAndBacklog` is the one to use. `QueueThresholds` is the simple rule of handbooks; `Utilization` and
`BacklogPerReplica` are what Kubernetes' horizontal pod autoscaler and queue-driven autoscalers do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Load(NamedTuple):
    """The load of a model at one moment.

    Args:
        queued: Requests or jobs that wait.
        running: Those that are being computed.
        replicas: Replicas that run or start.
        service_s: Mean seconds of computing for one, alone in its slot.
        slots: How many a replica computes at once.
        arrivals_per_s: Rate of arrivals lately, over a minute or so.
        peak_arrivals_per_s: Highest such rate in the time for which a decision to go down is held back.
    """

    queued: int
    running: int
    replicas: int
    service_s: float
    slots: int
    arrivals_per_s: float
    peak_arrivals_per_s: float


class ScalingPolicy(Protocol):
    """Decides how many replicas there should be."""

    def desired(self, load: Load) -> int:
        """Replicas wanted."""
        ...


@dataclass(frozen=True, slots=True)
class QueueThresholds:
    """One more while more than `up_above` wait, one fewer while fewer than `down_below` do."""

    up_above: int = 20
    down_below: int = 5
    least: int = 2
    most: int = 8

    def desired(self, load: Load) -> int:
        """Replicas wanted, `least` to `most`."""
        step = (load.queued > self.up_above) - (load.queued < self.down_below)
        return _within(load.replicas + step, self.least, self.most)


@dataclass(frozen=True, slots=True)
class Utilization:
    """The replicas at which the busy share of slots would be `target`; within the tolerance nothing changes."""

    target: float = 0.7
    tolerance: float = 0.1
    least: int = 2
    most: int = 8

    def desired(self, load: Load) -> int:
        """Replicas wanted, `least` to `most`."""
        busy = load.running / max(1, load.replicas * load.slots)
        if abs(busy / self.target - 1) <= self.tolerance:
            return _within(load.replicas, self.least, self.most)
        return _within(math.ceil(load.replicas * busy / self.target), self.least, self.most)


@dataclass(frozen=True, slots=True)
class BacklogPerReplica:
    """A replica for every `each` requests that wait or run."""

    each: float = 2.0
    least: int = 2
    most: int = 8

    def desired(self, load: Load) -> int:
        """Replicas wanted, `least` to `most`."""
        return _within(math.ceil((load.queued + load.running) / self.each), self.least, self.most)


@dataclass(frozen=True, slots=True)
class TrafficAndBacklog:
    """Enough for the traffic with some room, and enough more to work the backlog off in a stated time.

    The room grows with the square root of the traffic, as queueing theory has it for a constant chance to wait (the
    square-root staffing rule: Halfin and Whitt, Operations Research 29, 1981): many replicas share fluctuations that a
    few cannot. Going down waits, since it is the peak of the traffic that counts.

    Args:
        comfort: Room, in square roots of the busy slots.
        clear_s: Seconds in which what waits shall be worked off.
        least: Fewest replicas.
        most: Most replicas.
    """

    comfort: float = 1.0
    clear_s: float = 30.0
    least: int = 2
    most: int = 8

    def desired(self, load: Load) -> int:
        """Replicas wanted, `least` to `most`."""
        traffic = max(load.arrivals_per_s, load.peak_arrivals_per_s) * load.service_s
        busy_slots = max(traffic, load.running)
        backlog_slots = load.queued * load.service_s / self.clear_s
        slots = busy_slots + self.comfort * math.sqrt(busy_slots) + backlog_slots
        return _within(math.ceil(slots / load.slots), self.least, self.most)


@dataclass(frozen=True, slots=True)
class Constant:
    """Always as many."""

    replicas: int

    def desired(self, load: Load) -> int:  # noqa: ARG002
        """The number, whatever the load."""
        return self.replicas


def _within(value: int, least: int, most: int) -> int:
    return min(most, max(least, value))
