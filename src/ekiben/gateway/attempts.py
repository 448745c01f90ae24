"""Which worker a request is sent to next, and with which error it ends when none is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ekiben.errors import QueueFull, Unavailable, WorkerLost
from ekiben.gateway.worker_client import WorkerClient

# A request that two workers died of may be why they did; it is not given the next ones too.
_MAX_DEATHS: Final = 2


class Attempts:
    """One request's way over the workers: the least busy first; a full one or a lost one leads to the next.

    Answering has no effect besides the answer, so that doing it again is safe until some of it has been passed on.

    Args:
        model: For the error.
        workers: The ready ones, in the order in which to ask them.
        lost: Told of every worker that was lost.
    """

    def __init__(self, model: str, workers: Sequence[WorkerClient], lost: Callable[[WorkerClient], None]) -> None:
        self._model, self._workers, self._told = model, iter(workers), lost
        self._lost: WorkerLost | None = None
        self._refusal: QueueFull | None = None
        self._deaths = 0

    def __iter__(self) -> Iterator[WorkerClient]:
        """The workers left to ask; may be gone on with after a break."""
        while self._deaths < _MAX_DEATHS:
            worker = next(self._workers, None)
            if worker is None:
                return
            yield worker

    def failed(self, worker: WorkerClient, error: QueueFull | WorkerLost) -> None:
        """Note how the last one asked answered."""
        if isinstance(error, QueueFull):
            self._refusal = error
            return
        self._lost = error
        self._told(worker)
        self._deaths += not refuses(error)

    @property
    def error(self) -> QueueFull | WorkerLost | Unavailable:
        """What to tell when nobody is left."""
        none_ready = Unavailable(f"no worker of {self._model} is ready.", retry_after_s=1)
        return self._refusal or self._lost or none_ready


def refuses(error: BaseException) -> bool:
    """Whether the connection was refused or the socket is gone, as opposed to slow or broken off."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConnectionRefusedError | FileNotFoundError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
