"""Several models on one device that does not hold all of them: loaded when asked for, let go when not.

Loading a model costs more than a picture. So requests for models that are loaded go first, and one that is not waits
until nobody needs the device, or until it has waited `patience_s`: then the least recently used model takes nothing
new, finishes what it has, and makes room.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ekiben.diffusion.checkpoint import Checkpoint
from ekiben.diffusion.engine import Engine
from ekiben.diffusion.generation import Generation, Wishes
from ekiben.diffusion.memory import give_back
from ekiben.diffusion.request import ImageRequest, SourceImage
from ekiben.diffusion.stages import Clock
from ekiben.diffusion.waiting import Ask, Waiting
from ekiben.errors import EkibenError, ModelNotFound, Unavailable

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loadable:
    """A model that may be loaded.

    Attributes:
        size_bytes: What it takes of the device's memory.
        load: Loads it; called on the device's thread.
    """

    size_bytes: int
    load: Callable[[], Engine]


class Residency:
    """Engines under one bound of memory; `submit` from any thread, `step` from the device's alone.

    Args:
        models: By name; each alone must fit.
        max_bytes: Of all loaded models together.
        max_waiting: Most requests that wait for models to be loaded.
        patience_s: How long a request waits before a model in use must make room for its own.
        clock: Seconds; the engines' own.

    Raises:
        ValueError: A model does not fit.
    """

    def __init__(
        self, models: Mapping[str, Loadable], *, max_bytes: int, max_waiting: int, patience_s: float, clock: Clock
    ) -> None:
        if too_large := [name for name, model in models.items() if model.size_bytes > max_bytes]:
            raise ValueError(f"{too_large[0]} does not fit into {max_bytes} bytes")
        self._models = models
        self._max_bytes = max_bytes
        self._patience_s = patience_s
        self._clock = clock
        self._lock = threading.Lock()
        self._engines: OrderedDict[str, Engine] = OrderedDict()  # the least recently used first
        self._leaving: str | None = None  # takes nothing new
        self._waiting = Waiting(max_waiting)

    @property
    def loaded(self) -> tuple[str, ...]:
        """Names of the loaded models, the least recently used first."""
        return tuple(self._engines)

    @property
    def has_work(self) -> bool:
        """Whether `step` would do anything."""
        with self._lock:
            return len(self._waiting) > 0 or any(engine.has_work for engine in self._engines.values())

    def submit(
        self,
        model: str,
        request: ImageRequest,
        *,
        source: SourceImage | None = None,
        checkpoint: Checkpoint | None = None,
        wishes: Wishes | None = None,
    ) -> Generation:
        """As `Engine.submit`; while the model is not loaded, what the engine refuses ends the generation instead.

        Raises:
            ModelNotFound: No such model.
            QueueFull: Too many wait for models to be loaded.
            EkibenError: As `Engine.submit`.
        """
        if model not in self._models:
            raise ModelNotFound(f"There is no model {model!r} here.", param="model")
        generation = Generation(request)

        def submit() -> object:
            engine = self._engines[model]
            return engine.submit(request, source=source, checkpoint=checkpoint, wishes=wishes, generation=generation)

        with self._lock:
            if model in self._engines and model != self._leaving:
                submit()
            else:
                self._waiting.add(Ask(model, generation, wishes or Wishes(), self._clock(), submit))
        return generation

    def step(self) -> bool:
        """Load a model if it is time, then let the engine whose last step is longest ago take one.

        Returns:
            Whether there was anything to do.
        """
        had_work = self.has_work
        with self._lock:
            ask = self._waiting.first(self._clock())
        if ask is not None and self._is_there(ask):
            self._hand_over(ask.model, self._load(ask.model))
        for name, engine in list(self._engines.items()):
            if engine.has_work:
                self._engines.move_to_end(name)
                engine.step()
                break
        return had_work

    def close(self, error: EkibenError) -> None:
        """End everything that waits or is being made."""
        with self._lock:
            asks, engines = self._waiting.take(), list(self._engines.values())
        for ask in asks:
            ask.refuse(error)
        for engine in engines:
            engine.close(error)

    def _is_there(self, ask: Ask) -> bool:
        """Whether a model is loaded, or there is room for it now; makes room where that is due."""
        if ask.model in self._engines:
            return True
        is_due = self._clock() - ask.arrived >= self._patience_s
        is_idle = not any(engine.has_work for engine in self._engines.values())
        for name in self.loaded:
            if self._fits(ask.model) or not (is_due or is_idle):
                break
            if not self._let_go(name):
                self._leaving = name
                break
        return self._fits(ask.model)

    def _fits(self, model: str) -> bool:
        held = sum(self._models[name].size_bytes for name in self._engines)
        return held + self._models[model].size_bytes <= self._max_bytes

    def _let_go(self, name: str) -> bool:
        """Unload a model, unless it has work."""
        with self._lock:
            if self._engines[name].has_work:
                return False
            device = self._engines.pop(name).device
        gc.collect()
        give_back(device)
        return True

    def _load(self, model: str) -> EkibenError | None:
        """Load a model, if it is not; returns what those who asked for it are told if that fails."""
        if model not in self._engines:
            try:
                engine = self._models[model].load()
            except Exception as error:  # noqa: BLE001  # those who asked for it hear of it, nobody else
                _log.exception("a model could not be loaded")
                return error if isinstance(error, EkibenError) else Unavailable("The model could not be loaded.")
            with self._lock:
                self._engines[model] = engine
        return None

    def _hand_over(self, model: str, error: EkibenError | None) -> None:
        """Give a model that is loaded those who waited for it, or tell them why it is not."""
        with self._lock:
            self._leaving = None
            for ask in self._waiting.take(model):
                try:
                    if error is not None:
                        raise error
                    ask.submit()
                except EkibenError as refusal:
                    ask.refuse(refusal)
