"""Toys: a clock moved by hand, a model that can be stopped, and a whole device simulated without threads."""

from __future__ import annotations

import heapq
import itertools
import math
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

import pytest
import pytest_asyncio

from ekiben.batching import BatchLimits, DeviceThread, Work
from ekiben.batching.isolation import run_in_halves
from ekiben.batching.limits import Price, padded_price
from ekiben.batching.pending import Batch
from ekiben.batching.request import Entry, Request
from ekiben.batching.scheduler import Scheduler
from tests.unit.batching.simulated import LIMITS


class FakeClock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Recorder:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []

    def queued(self, items: int) -> None:
        self.events.append(("queued", items))

    def shed(self, reason: str) -> None:
        self.events.append(("shed", reason))

    def batch_ran(self, items: int, cost: int, padding_share: float, compute_s: float) -> None:
        self.events.append(("batch_ran", items, cost, padding_share, compute_s))

    def retried(self, reason: str) -> None:
        self.events.append(("retried", reason))

    def cap_changed(self, cost: int) -> None:
        self.events.append(("cap_changed", cost))

    def answered(self, timing: object) -> None:
        self.events.append(("answered", timing))

    def of(self, kind: str) -> list[Any]:
        return [event[1] for event in self.events if event[0] == kind]


class ToyModel:
    """Answers each payload with `("result", payload)`; can be held at a gate and made to fail."""

    def __init__(self) -> None:
        self.batches: list[list[Any]] = []
        self.failures: dict[Any, BaseException] = {}
        self.gates: dict[Any, threading.Event] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.most_at_once = 0
        self._at_once = 0

    def run(self, payloads: Sequence[Any]) -> Sequence[Any]:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        self.batches.append(list(payloads))
        self.entered.release()
        assert self.gate.wait(10)
        for payload in payloads:
            assert payload not in self.gates or self.gates[payload].wait(10)
        self._at_once -= 1
        for payload in payloads:
            if payload in self.failures:
                raise self.failures[payload]
        return [("result", payload) for payload in payloads]


class Simulation:
    """A scheduler on a simulated device: what `lane` and `batcher` do, in simulated time and one thread.

    `model` computes results or raises; a call takes `fixed_s + rate_s × cost`.
    """

    def __init__(
        self, limits: BatchLimits, *, fixed_s: float = 0.01, rate_s: float = 0.001, price: Price = padded_price
    ) -> None:
        self.now = 0.0
        self.recorder = Recorder()
        self.scheduler = Scheduler(limits, price, self.recorder)
        self.price = price
        self.fixed_s, self.rate_s = fixed_s, rate_s
        self.model: Callable[[Sequence[Any]], Sequence[Any]] = lambda payloads: [("result", p) for p in payloads]
        self.calls: list[tuple[float, float, list[Entry]]] = []
        self.batches: list[tuple[Batch, int]] = []  # with the cap in force
        self.ends: dict[Request, int] = {}
        self.refusals: list[tuple[Request, Exception]] = []
        self.on_end: Callable[[Request], None] = lambda _: None
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._held_until = -math.inf

    def at(self, moment: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._order), action))

    def submit(self, moment: float, *works: Work[Any], deadline: float = math.inf, priority: int = 0) -> Request:
        request = Request(works, arrival=moment, deadline=deadline, priority=priority)

        def admit() -> None:
            try:
                if self.scheduler.admit(request):
                    self._held_until = -math.inf
            except Exception as error:  # noqa: BLE001
                self.refusals.append((request, error))
                return
            if deadline < math.inf:
                self.at(deadline, lambda: self._change(lambda: self.scheduler.expire(request, self.now)))

        self.at(moment, admit)
        return request

    def cancel(self, moment: float, request: Request) -> None:
        def leave() -> None:
            if all(refused is not request for refused, _ in self.refusals):
                self._change(lambda: self.scheduler.leave(request, self.now))

        self.at(moment, leave)

    def run(self, until: float = math.inf) -> None:
        while self.now <= until:
            self._fire(self.now)
            look_at = self._held_until
            if look_at <= self.now:
                offer = self.scheduler.take(self.now)
                self._collect()
                if isinstance(offer, Batch):
                    self._run(offer)
                    continue
                look_at = math.inf if offer is None else offer
                self._held_until = -math.inf if offer is None else offer
            next_moment = min(look_at, self._events[0][0] if self._events else math.inf)
            if next_moment == math.inf:
                return
            self.now = next_moment

    def _change(self, action: Callable[[], None]) -> None:
        action()
        self._held_until = -math.inf
        self._collect()

    def _run(self, batch: Batch) -> None:
        self._held_until = -math.inf
        self.batches.append((batch, self.scheduler.cap_cost))
        started = self.now
        run_in_halves(batch.entries, self._still_wanted, self._attempt)
        self.scheduler.freed(batch, started, self.now)

    def _still_wanted(self, group: Sequence[Entry]) -> Sequence[Entry]:
        wanted = self.scheduler.still_wanted(group, self.now)
        self._collect()
        return wanted

    def _attempt(self, group: Sequence[Entry]) -> bool:
        started = self.now
        assert all(entry.request.is_open for entry in group), "computed for a caller that is gone"
        ended = started + self.fixed_s + self.rate_s * self.price(len(group), max(e.length for e in group))
        self.calls.append((started, ended, list(group)))
        self._fire(ended)
        self.now = ended
        try:
            results = self.model([entry.payload for entry in group])
        except BaseException as error:  # noqa: BLE001
            retry = self.scheduler.failed(group, error, started, ended)
        else:
            retry = self.scheduler.succeeded(group, results, started, ended)
        self._collect()
        return retry

    def _fire(self, until: float) -> None:
        while self._events and self._events[0][0] <= until:
            moment, _, action = heapq.heappop(self._events)
            self.now = max(self.now, moment)
            action()

    def _collect(self) -> None:
        for request in self.scheduler.collect():
            self.ends[request] = self.ends.get(request, 0) + 1
            self.on_end(request)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def toy() -> Iterator[ToyModel]:
    model = ToyModel()
    yield model
    model.gate.set()
    assert model.most_at_once <= 1


@pytest_asyncio.fixture
async def device(toy: ToyModel) -> AsyncIterator[DeviceThread]:
    thread = DeviceThread()
    yield thread
    toy.gate.set()
    assert thread.close(wait_s=10)


@pytest.fixture
def simulate() -> type[Simulation]:
    return Simulation


@pytest.fixture
def simulation(simulate: type[Simulation]) -> Simulation:
    """A device that is busy with "first" from 0 to 11 ms."""
    simulation = simulate(LIMITS, fixed_s=0.01, rate_s=0.001)
    simulation.submit(0.0, Work("first"))
    return simulation


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], Any]:
    """Let the loop run until something another thread does has happened."""
    import asyncio

    async def wait(condition: Callable[[], bool]) -> None:
        give_up = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < give_up
            await asyncio.sleep(0.0005)

    return wait
