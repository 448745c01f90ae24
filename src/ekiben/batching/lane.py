"""A scheduler on a device: the thread's side of a batcher.

The device's thread forms the next batch itself as soon as it has finished one, so the device never waits for
an event loop between batches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ekiben.batching.delivery import Reply, deliver, post
from ekiben.batching.isolation import run_in_halves
from ekiben.batching.pending import Batch

if TYPE_CHECKING:
    from ekiben.batching.device import Clock, DeviceThread, Turn
    from ekiben.batching.request import Entry
    from ekiben.batching.scheduler import Scheduler
    from ekiben.errors import EkibenError

Run = Callable[[Sequence[Any]], Sequence[Any]]


class SchedulerLane:
    """A `Lane` that runs what its scheduler chooses.

    The scheduler is touched only with the device's lock held; `run` is called without it.
    """

    def __init__(self, run: Run, scheduler: Scheduler, device: DeviceThread, clock: Clock) -> None:
        self._run = run
        self._scheduler = scheduler
        self._device = device
        self._clock = clock
        self._busy_since: float | None = None
        self._is_running = False
        self._when_idle: list[Reply] = []

    @property
    def busy_for_s(self) -> float:
        """Seconds that the present device call has been running; 0 when there is none."""
        since = self._busy_since
        return 0.0 if since is None else max(0.0, self._clock() - since)

    def when_idle(self, reply: Reply) -> None:
        """Complete `reply` once nothing is queued or running; with the lock held."""
        self._when_idle.append(reply)
        self._tell_if_idle()

    def take(self, now: float) -> Turn | float | None:
        """See `Lane`."""
        offer = self._scheduler.take(now)
        deliver(self._scheduler.collect())  # those dropped as too late
        if isinstance(offer, Batch):
            self._is_running = True
            return partial(self._run_batch, offer)
        self._tell_if_idle()
        return offer

    def abandon(self, error: EkibenError) -> None:
        """See `Lane`."""
        self._is_running = False
        self._scheduler.close()
        self._scheduler.shed_all(self._clock(), error)
        deliver(self._scheduler.collect())
        self._tell_if_idle()

    def _run_batch(self, batch: Batch) -> None:
        started = self._clock()
        run_in_halves(batch.entries, self._still_wanted, self._attempt)
        with self._device.changed:
            self._scheduler.freed(batch, started, self._clock())
            self._is_running = False
            self._tell_if_idle()

    def _still_wanted(self, group: Sequence[Entry]) -> Sequence[Entry]:
        with self._device.changed:
            wanted = self._scheduler.still_wanted(group, self._clock())
            ended = self._scheduler.collect()
        deliver(ended)
        return wanted

    def _attempt(self, group: Sequence[Entry]) -> bool:
        """Make one device call; returns whether it failed and the group should be split."""
        self._busy_since = started = self._clock()
        try:
            results = self._run([entry.payload for entry in group])
        except BaseException as error:  # noqa: BLE001  # an exit here would leave every caller hanging
            return self._book(partial(self._scheduler.failed, group, error, started))
        return self._book(partial(self._scheduler.succeeded, group, results, started))

    def _book(self, outcome: Callable[[float], bool]) -> bool:
        """Tell the scheduler how a device call that ends now went, and the callers what came of it."""
        ended = self._clock()
        self._busy_since = None
        with self._device.changed:
            retry = outcome(ended)
            requests = self._scheduler.collect()
        deliver(requests)
        return retry

    def _tell_if_idle(self) -> None:
        if self._is_running or self._scheduler.open_requests:
            return
        for reply in self._when_idle:
            post(reply.loop, partial(_complete, reply))
        self._when_idle.clear()


def _complete(reply: Reply) -> None:
    if not reply.future.done():
        reply.future.set_result(None)
