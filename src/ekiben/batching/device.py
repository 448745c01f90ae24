"""The one thread that talks to a device.

It takes turns from its lanes, one for each model, and runs one at a time. A turn that takes too long is never
abandoned for another: callers may give up on it, the device cannot.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from asyncio import wrap_future
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from ekiben.batching.device_call import DeviceCall
from ekiben.batching.turns import Turns
from ekiben.errors import EkibenError, Internal, Unavailable

T = TypeVar("T")
Clock = Callable[[], float]
Turn = Callable[[], None]

_log = logging.getLogger(__name__)


class Lane(Protocol):
    """One model's stream of work. Both methods are called with the device's lock held."""

    def take(self, now: float) -> Turn | float | None:
        """Give what to run next, without the lock; or when to ask again; or nothing before a notification."""

    def abandon(self, error: EkibenError) -> None:
        """Fail whatever still waits: the thread ends and will take no more."""


class DeviceThread:
    """One worker thread for one device, shared by any number of lanes.

    Args:
        name: Of the thread, for debuggers and logs.
        clock: Seconds.

    Attributes:
        clock: The clock that everything on this device goes by.
        changed: The lock of everything that lanes and the thread share; notify it when a lane has new work.
    """

    def __init__(self, name: str = "device", *, clock: Clock = time.monotonic) -> None:
        self.changed = threading.Condition(threading.Lock())
        self.clock = clock
        self._turns: Turns[Lane] = Turns()
        self._calls: deque[DeviceCall[Any]] = deque()
        self._busy_since: float | None = None
        self._is_closing = False
        self._is_over = False
        # A daemon: a device call that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)
        self._thread.start()

    @property
    def busy_for_s(self) -> float:
        """Seconds that the present turn has been running; 0 when idle."""
        since = self._busy_since
        return 0.0 if since is None else max(0.0, self.clock() - since)

    def attach(self, lane: Lane) -> None:
        """Take turns from a lane from now on.

        Raises:
            Unavailable: The thread is closed.
        """
        with self.changed:
            self._check_open()
            self._turns.join(lane)
            self.changed.notify()

    def detach(self, lane: Lane) -> None:
        """Take no more turns from a lane."""
        with self.changed:
            self._turns.leave(lane)

    async def call(self, function: Callable[[], T]) -> T:
        """Run something else on the device's thread, ahead of the next batch: loading, warming up.

        Cancelled before its turn, it does not run.

        Raises:
            Unavailable: The thread is closed.
            Internal: The function exited or was interrupted. Its exceptions are passed on unchanged.
        """
        call = DeviceCall(function)
        with self.changed:
            self._check_open()
            self._calls.append(call)
            self.changed.notify()
        return await wrap_future(call.future)

    def close(self, wait_s: float = 0.0) -> bool:
        """End the thread after the present turn; whatever still waits fails with `Unavailable`.

        Args:
            wait_s: Seconds to block for the end of the thread.

        Returns:
            Whether the thread has ended.
        """
        with self.changed:
            self._is_closing = True
            self.changed.notify()
        self._thread.join(wait_s)
        return not self._thread.is_alive()

    def _check_open(self) -> None:
        if self._is_closing or self._is_over:
            raise Unavailable("The device's thread has ended.")

    def _main(self) -> None:
        error: EkibenError = Unavailable("The device's thread has ended.")
        try:
            while self._take_turn():
                pass
        except BaseException as crash:  # noqa: BLE001  # callers must hear of it, whatever it is
            _log.exception("the device thread crashed")
            error = Internal("The device's thread crashed.")
            error.__cause__ = crash
        finally:
            self._abandon(error)

    def _take_turn(self) -> bool:
        """Wait for a turn and run it; false once closing. A turn holds its payloads: none outlives this call."""
        turn = self._next_turn()
        if turn is not None:
            turn()
        return turn is not None

    def _next_turn(self) -> Turn | None:
        """Wait for something to run; none once closing."""
        with self.changed:
            self._busy_since = None
            while not self._is_closing:
                now = self.clock()
                turn = self._offered(now)
                if callable(turn):
                    self._busy_since = now
                    return turn
                self.changed.wait(None if turn == math.inf else max(0.0, turn - now))
            return None

    def _offered(self, now: float) -> Turn | float:
        """Choose the next turn, or the moment to look again."""
        if self._calls:
            return self._calls.popleft().run
        look_again = math.inf
        for lane in self._turns.order():
            offer = lane.take(now)
            if callable(offer):
                return self._timed(lane, offer)
            if offer is not None:
                look_again = min(look_again, offer)
        return look_again

    def _timed(self, lane: Lane, turn: Turn) -> Turn:
        def run() -> None:
            started = self.clock()
            turn()
            with self.changed:
                self._turns.used(lane, self.clock() - started)

        return run

    def _abandon(self, error: EkibenError) -> None:
        with self.changed:
            self._is_over = True
            self._busy_since = None
            for lane in self._turns.order():
                try:
                    lane.abandon(error)
                except Exception:  # noqa: BLE001  # one lane's defect must not leave another's callers hanging
                    _log.exception("a lane could not be abandoned")
            for call in self._calls:
                call.refuse(error)
            self._calls.clear()
