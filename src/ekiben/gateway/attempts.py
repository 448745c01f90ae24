"""Which worker a request is sent to next, and with which error it ends when none is left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

import aiohttp

from ekiben.errors import DeadlineExceeded, QueueFull, ShuttingDown, Unavailable, WorkerLost
from ekiben.gateway.worker_client import WorkerClient


@dataclass(frozen=True, slots=True)
class Endurance:
    """How many workers may die with one request, and how long it is held back after each.

    Attributes:
        deaths: That it ends with: so many died of it, perhaps, and it is not given the next ones too.
        pause_s: Seconds from a death to the next worker.
    """

    deaths: int
    pause_s: float


BESIDE: Final = Endurance(deaths=2, pause_s=0.0)
# Machines are taken several at once: two deaths say less of the request, and who dies next shows a moment later.
ELSEWHERE: Final = Endurance(deaths=3, pause_s=0.5)


class Attempts:
    """One request's way over the workers: the least busy first; one that is full, leaving or lost leads to the next.

    Answering has no effect besides the answer, so that doing it again is safe until some of it has been passed on.

    Args:
        model: For the error.
        ready: The workers that are ready now, in the order in which to ask them; some may come while others are tried.
        lost: Told of every worker that was lost or is leaving.
        late: Waits, besides those it is given, for workers that are only slow to say that they are ready; returns
            whether one is.
        deadline: On the event loop's clock.
        endurance: When to give up.
    """

    def __init__(
        self,
        model: str,
        ready: Callable[[], Sequence[WorkerClient]],
        lost: Callable[[WorkerClient], None],
        late: Callable[[AbstractSet[WorkerClient]], Awaitable[bool]],
        deadline: float,
        endurance: Endurance,
    ) -> None:
        self._model, self._ready, self._told, self._late = model, ready, lost, late
        self._deadline, self._endurance = deadline, endurance
        self._tried: set[WorkerClient] = set()
        self._lost: WorkerLost | None = None
        self._refusal: QueueFull | None = None
        self._deaths = 0
        self._pauses = False

    async def next(self) -> WorkerClient | None:
        """The next worker to ask; None when there is none, or too many have died."""
        if self._deaths >= self._endurance.deaths:
            return None
        if self._pauses:
            self._pauses = False
            if self.left_s > self._endurance.pause_s:
                await asyncio.sleep(self._endurance.pause_s)
        worker = self._untried()
        if worker is None and self._refusal is None and await self._late(self._tried):
            worker = self._untried()
        if worker is not None:
            self._tried.add(worker)
        return worker

    def _untried(self) -> WorkerClient | None:
        return next((worker for worker in self._ready() if worker not in self._tried), None)

    @property
    def left_s(self) -> float:
        """Seconds until the deadline; 0 from then on."""
        return max(0.0, self._deadline - asyncio.get_running_loop().time())

    def failed(self, worker: WorkerClient, error: QueueFull | WorkerLost | ShuttingDown) -> None:
        """Note how the last one asked answered."""
        if isinstance(error, QueueFull):
            self._refusal = error
            return
        if isinstance(error, ShuttingDown):  # It never had the request.
            self._told(worker)
            return
        self._lost = error
        self._told(worker)
        if _had_it(error):
            self._deaths += 1
            self._pauses = True

    @property
    def error(self) -> QueueFull | WorkerLost | DeadlineExceeded | Unavailable:
        """What to tell when nobody is left."""
        if self._refusal is not None:
            return self._refusal
        if self._lost is not None:
            return self._lost
        if not self.left_s:
            return DeadlineExceeded("no worker was ready before the deadline.")
        return Unavailable(f"no worker of {self._model} is ready.", retry_after_s=1)


def is_silent(error: WorkerLost) -> bool:
    """Whether there was no answer at all, as opposed to one that is no success."""
    return error.__cause__ is not None


def _had_it(error: WorkerLost) -> bool:
    """Whether the worker may have begun with the request; without a connection none has."""
    return not refuses(error) and not isinstance(error.__cause__, aiohttp.ConnectionTimeoutError)


def is_late(error: WorkerLost) -> bool:
    """Whether the answer only took too long."""
    return isinstance(error.__cause__, TimeoutError)


def refuses(error: BaseException) -> bool:
    """Whether the connection was refused or the socket is gone, as opposed to slow or broken off."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConnectionRefusedError | FileNotFoundError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
