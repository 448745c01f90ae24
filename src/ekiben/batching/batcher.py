"""The batcher as callers see it: submit works, await their results."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Generic, TypeVar

from ekiben.batching.delivery import Reply, deliver
from ekiben.batching.lane import SchedulerLane
from ekiben.batching.limits import BatchLimits, Price, padded_price
from ekiben.batching.observer import Observer, Silence
from ekiben.batching.request import Request
from ekiben.batching.scheduler import Scheduler
from ekiben.batching.work import Timing, Work
from ekiben.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ekiben.batching.device import Clock, DeviceThread

P = TypeVar("P")
R = TypeVar("R")


class Batcher(Generic[P, R]):
    """Batches the works of concurrent callers for one model on one device.

    Args:
        run: Computes one result for each payload, in order, on the device's thread. If it raises, the batch
            is split until the culprit stands alone; `DeviceOutOfMemory` also lowers the cost cap.
        limits: Of batches and of the queue.
        device: The thread to run on; several batchers may share it.
        metrics: Told of everything a dashboard shows; `BatchMetrics` for Prometheus.
        price: Prices a batch; the padded area by default.
        clock: Seconds; deadlines are moments on it. The device's own by default, and never another.

    Raises:
        Unavailable: The device's thread has ended.
    """

    def __init__(
        self,
        run: Callable[[Sequence[P]], Sequence[R]],
        limits: BatchLimits,
        *,
        device: DeviceThread,
        metrics: Observer | None = None,
        price: Price = padded_price,
        clock: Clock | None = None,
    ) -> None:
        self._observer: Observer = metrics or Silence()
        self._scheduler = Scheduler(limits, price, self._observer)
        self._clock = clock or device.clock
        self._lane = SchedulerLane(run, self._scheduler, device, self._clock)
        self._device = device
        device.attach(self._lane)

    @property
    def depth(self) -> int:
        """Items that wait; those on the device do not count."""
        return self._scheduler.queued_items

    @property
    def cap_cost(self) -> int:
        """Highest cost that a batch may have at present; lower than the limit after memory ran out."""
        return self._scheduler.cap_cost

    @property
    def busy_for_s(self) -> float:
        """Seconds that this model's present device call has been running; 0 when there is none.

        For a watchdog: a device that hangs shows here, whatever becomes of the callers.
        """
        return self._lane.busy_for_s

    async def submit(
        self, works: Sequence[Work[P]], *, deadline: float | None = None, priority: int = 0
    ) -> tuple[list[R], Timing]:
        """Compute the results of some works, in their order, whatever batches they ride in.

        Cancelling the call takes what is still queued out of the queue and disturbs nobody else.

        Args:
            works: All are admitted, or none.
            deadline: The moment on the batcher's clock after which the result is worthless.
            priority: Higher goes first; a step is worth `ageing_s` of waiting.

        Raises:
            PayloadTooLarge: More works than the queue ever takes.
            QueueFull: No room now; come back after `retry_after_s`.
            DeadlineUnreachable: The work ahead takes too long for the deadline; nothing was computed.
            DeadlineExceeded: The deadline passed.
            DeviceOutOfMemory: One of the works alone does not fit the device.
            Unavailable: The batcher or its device is closed.
            Internal: The model failed on one of the works; other errors of ours from `run` are passed on
                unchanged.
        """
        if not works:
            return [], Timing(queue_wait_s=0.0, compute_s=0.0, batch_items=0, batch_cost=0)
        request = self._request(works, deadline, priority)
        self._admit(request)
        self._set_timer(request)
        try:
            await request.reply.future
        except asyncio.CancelledError:
            self._leave(request)
            raise
        finally:
            request.reply.cancel_timer()
        timing = request.timing()
        self._observer.answered(timing)
        return request.results, timing

    async def close(self, drain: bool = True) -> None:
        """Refuse new requests and return when the device has finished with this model.

        Args:
            drain: Whether to compute what is queued; otherwise it fails with `Unavailable`.
        """
        idle = Reply(asyncio.get_running_loop())
        with self._device.changed:
            self._scheduler.close()
            if not drain:
                self._scheduler.shed_queued(self._clock(), Unavailable("This model is shutting down."))
                deliver(self._scheduler.collect())
            self._lane.when_idle(idle)
            self._device.changed.notify()
        await idle.future
        self._device.detach(self._lane)

    def _request(self, works: Sequence[Work[P]], deadline: float | None, priority: int) -> Request:
        if deadline is None:
            deadline = math.inf
        elif math.isnan(deadline):
            raise ValueError("the deadline is not a number")
        reply = Reply(asyncio.get_running_loop())
        return Request(works, arrival=self._clock(), deadline=deadline, priority=priority, reply=reply)

    def _admit(self, request: Request) -> None:
        with self._device.changed:
            if self._scheduler.admit(request):
                self._device.changed.notify()

    def _leave(self, request: Request) -> None:
        with self._device.changed:
            self._scheduler.leave(request, self._clock())
            self._device.changed.notify()

    def _set_timer(self, request: Request) -> None:
        if request.deadline < math.inf:
            delay_s = max(0.0, request.deadline - self._clock())
            request.reply.timer = request.reply.loop.call_later(delay_s, self._check_deadline, request)

    def _check_deadline(self, request: Request) -> None:
        """Answer a caller whose deadline has passed, wherever its works are."""
        now = self._clock()
        if now < request.deadline:  # loops may fire a little early, and the clock may be another than the loop's
            self._set_timer(request)
            return
        with self._device.changed:
            self._scheduler.expire(request, now)
            self._device.changed.notify()
            ended = self._scheduler.collect()
        deliver(ended)
