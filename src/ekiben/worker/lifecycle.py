"""Loading and unloading a model inside its worker process, without a restart.

          load                     unload, by the operator
UNLOADED ──────► LOADED ───────────────────────────────► UNLOADED    requests are refused: `ModelUnloaded`
                   │  ▲
      no requests  ▼  │ the next request
                  IDLE                                               requests wait until it is loaded again
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Final, Generic, TypeVar

import structlog

from ekiben.devices.memory import give_memory_back
from ekiben.errors import ModelUnloaded, Unavailable
from ekiben.worker.servable import Servable

_log = structlog.get_logger("ekiben.worker")

S = TypeVar("S", bound=Servable)
_PATIENCE_S: Final = 10.0


class State(StrEnum):
    """Whether a model is in memory, and if not, whether a request brings it back."""

    LOADED = "loaded"
    IDLE = "idle"
    UNLOADED = "unloaded"


class Lifecycle(Generic[S]):
    """One model, loaded or not; used on one event loop.

    Args:
        model: Its name, for errors and the log.
        load: Makes the servable.
        drain_timeout_s: How long requests in flight have when the model is unloaded.
        changing: Entered while the model is loaded or closed, which may hold up this whole process.
        clock: Seconds.
    """

    def __init__(
        self,
        model: str,
        load: Callable[[], Awaitable[S]],
        drain_timeout_s: float,
        changing: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model, self._load, self._clock = model, load, clock
        self._drain_timeout_s, self._announced = drain_timeout_s, changing
        self._try_again_at = 0.0
        self._servable: S | None = None
        self._changing = asyncio.Lock()
        self._is_loading = False
        self._in_use = 0
        self._unused = asyncio.Event()
        self._unused.set()
        self._last_used = clock()
        self.state = State.UNLOADED

    @property
    def loaded(self) -> S | None:
        """The servable, if it is in memory."""
        return self._servable

    @property
    def idle_for_s(self) -> float:
        """Seconds since the last request ended; 0 while there is one."""
        return 0.0 if self._in_use else self._clock() - self._last_used

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep the servable, just got by `awake`, from being closed under a request, or taken for idle."""
        self._in_use += 1
        self._unused.clear()
        try:
            yield
        finally:
            self._in_use -= 1
            self._last_used = self._clock()
            if not self._in_use:
                self._unused.set()

    async def awake(self) -> S:
        """The servable; one that is idle, or being loaded, is waited for.

        Raises:
            ModelUnloaded: By its operator.
            EkibenError: It cannot be loaded.
        """
        if self._servable is None and (self.state is State.IDLE or self._is_loading):
            async with self._changing:
                if self.state is State.IDLE:
                    self._check_patience()
                    await self._bring()
        if self._servable is None:
            raise ModelUnloaded(f"{self._model} is unloaded; `ekiben models load {self._model}` loads it.")
        return self._servable

    async def load(self) -> None:
        """Load and warm the model, if it is not.

        Raises:
            EkibenError: It cannot be loaded; it stays as it was.
        """
        async with self._changing:
            if self._servable is None:
                await self._bring()

    async def unload(self, becoming: State = State.UNLOADED) -> None:
        """Finish what was accepted, then give the memory back."""
        async with self._changing:
            servable, self._servable, self.state = self._servable, None, becoming
            if servable is not None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._unused.wait(), self._drain_timeout_s)
                with self._announced():
                    await servable.close()
                    del servable
                    give_memory_back()
                _log.info("model unloaded", model=self._model, state=becoming.value)

    async def unload_when_idle(self, after_s: float) -> None:
        """Watch for ever, and unload when there was no request for so long."""
        while True:
            await asyncio.sleep(max(after_s - self.idle_for_s, 0.01))
            if self._servable is not None and self.idle_for_s >= after_s:
                await self.unload(State.IDLE)

    async def _bring(self) -> None:
        started = self._clock()
        self._is_loading = True
        try:
            with self._announced():
                servable = await self._warmed()
        except BaseException:
            self._try_again_at = self._clock() + _PATIENCE_S
            raise
        finally:
            self._is_loading = False
        self._servable, self.state, self._last_used = servable, State.LOADED, self._clock()
        self._try_again_at = 0.0
        seconds = round(self._clock() - started, 3)
        _log.info("model loaded", model=self._model, device=servable.device, seconds=seconds)

    async def _warmed(self) -> S:
        """A warm servable, or nothing that is left of it."""
        servable = await self._load()
        try:
            await servable.warm_up()
        except BaseException:
            await servable.close()
            del servable
            give_memory_back()
            raise
        return servable

    def _check_patience(self) -> None:
        """Spare the machine from trying to load with every request what could not be loaded a moment ago."""
        left_s = self._try_again_at - self._clock()
        if left_s > 0:
            raise Unavailable(f"{self._model} could not be loaded; the log says why.", retry_after_s=left_s)
