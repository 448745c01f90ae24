"""The engine: pictures of different requests share every forward of the denoiser.

`step` is the whole of it. Requests join before a step and leave after one; between two steps each picture is a few
tensors (`run.Run`), which can be written down and continued elsewhere (`checkpoint.Checkpoint`).
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from typing import Final

import torch

from ekiben.batching.cap import CostCap
from ekiben.batching.isolation import run_in_halves
from ekiben.batching.urgency import due_at
from ekiben.diffusion.beginning import Beginning
from ekiben.diffusion.checkpoint import Checkpoint
from ekiben.diffusion.entry import Entry
from ekiben.diffusion.family import Family
from ekiben.diffusion.generation import Generation, Wishes
from ekiben.diffusion.identity import ModelIdentity
from ekiben.diffusion.limits import EngineLimits
from ekiben.diffusion.observer import Observer, Silence
from ekiben.diffusion.pace import Pace
from ekiben.diffusion.pool import Pool
from ekiben.diffusion.preview import MakePreview
from ekiben.diffusion.reporting import Reporting
from ekiben.diffusion.request import ImageRequest, SourceImage
from ekiben.diffusion.selection import Selection
from ekiben.diffusion.stages import Clock, Stages
from ekiben.diffusion.timing import Stopwatch
from ekiben.errors import EkibenError, ShuttingDown

# A picture may wait in proportion to what it takes: few steps need not wait for many. Deadlines of arrival plus a
# multiple of the own work, the earliest first, bound how much longer anyone takes than alone (Bender, Chakrabarti and
# Muthukrishnan, "Flow and stretch metrics for scheduling continuous job streams", SODA 1998).
_STRETCH: Final = 3.0


class Engine:
    """Makes pictures with one model on one device.

    `submit`, `has_work` and `close` may be called from any thread; `step` and `suspend` from the device's alone.

    Args:
        family: The loaded model.
        model: Which one it is, for checkpoints.
        limits: Of a forward and of the queue.
        preview: Makes previews; without one, none are sent.
        observer: Told of everything a dashboard shows.
        clock: Seconds; deadlines are moments on it.
    """

    def __init__(
        self,
        family: Family,
        model: ModelIdentity,
        limits: EngineLimits,
        *,
        preview: MakePreview | None = None,
        observer: Observer | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        observer = observer or Silence()
        self._family = family
        self._model = model
        self._limits = limits
        self._clock = clock
        self._sequence = itertools.count()
        self._selection: Selection[Entry] = Selection()
        self._cap = CostCap(limits.max_cost)
        self._pace = Pace()
        self._pool = Pool(limits.max_open, observer)
        self._beginning = Beginning(family, limits.prompt_cache_bytes)
        self._stages = Stages(family, self._beginning, self._pool, self._cap, self._pace, observer, clock)
        self._reporting = Reporting(family, model, self._pool, preview)
        observer.cap_changed(self._cap.value)

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return self._family.device

    @property
    def has_work(self) -> bool:
        """Whether `step` would do anything."""
        return len(self._pool) > 0

    @property
    def cap_cost(self) -> int:
        """Most that a forward may cost at present; lower than the limit after memory ran out."""
        return self._cap.value

    def submit(
        self,
        request: ImageRequest,
        *,
        source: SourceImage | None = None,
        checkpoint: Checkpoint | None = None,
        wishes: Wishes | None = None,
        generation: Generation | None = None,
    ) -> Generation:
        """Ask for a picture.

        Args:
            request: What to make.
            source: What to start from instead of noise.
            checkpoint: Where to go on; its own request must be this one.
            wishes: Deadline, priority, previews and checkpoints.
            generation: What the caller holds already, of the same request; a new one otherwise.

        Raises:
            InvalidRequest: The model cannot do it; `param` names the field.
            CheckpointRefused: It belongs to another model or request.
            DeadlineExceeded: The deadline has passed.
            DeadlineUnreachable: The picture cannot be done by its deadline.
            QueueFull: No room now.
            Unavailable: Closed.
        """
        wishes = wishes or Wishes()
        self._beginning.check(request, source, checkpoint, self._model)
        now = self._clock()
        entry = Entry(
            generation=generation or Generation(request),
            wishes=wishes,
            shape_key=self._family.shape_key(request),
            cost=request.pixels * (2 if self._family.is_guided(request) else 1),
            due=0.0,
            sequence=next(self._sequence),
            stopwatch=Stopwatch(now),
            source=source,
            checkpoint=checkpoint,
        )
        patience_s = _STRETCH * self._pace.alone_s(entry, now)
        entry.due = due_at(now + patience_s, wishes.deadline, wishes.priority, self._limits.ageing_s)
        self._pace.check(entry, self._pool.open(), self._cap.value, now)
        self._pool.add(entry)
        return entry.generation

    @torch.inference_mode()
    def step(self) -> bool:
        """Take the pictures of one shape a step further; returns whether there was anything to do."""
        self._pool.sweep(self._clock())
        self._suspend([entry for entry in self._pool.open() if entry.generation.suspending])
        batch = self._selection.choose(self._pool.open(), self._cap.value)
        if not batch:
            return False
        joined = [entry for entry in self._stages.adapt(batch) if self._stages.begin(entry)]
        run_in_halves(joined, self._still_wanted, self._stages.denoise)
        finished = [entry for entry in self._still_wanted(joined) if entry.started.is_done]
        run_in_halves(finished, self._still_wanted, self._stages.decode)
        for entry in self._still_wanted(joined):
            self._reporting.stepped(entry)
        return True

    @torch.inference_mode()
    def suspend(self) -> None:
        """End every picture with `ShuttingDown`, after its listener was handed a last checkpoint.

        One that has not begun has no checkpoint: it is asked for again with its request alone.
        """
        self._pool.close(_suspended())
        self._suspend(self._pool.open())

    def close(self, error: EkibenError, *, drain: bool = False) -> list[Generation]:
        """Take nothing more.

        Args:
            error: What newcomers hear, and everyone who is there unless `drain` is set.
            drain: Whether `step` may finish what is there.

        Returns:
            What is there to be finished.
        """
        self._pool.close(error)
        if not drain:
            self._pool.fail_all(error)
        return [entry.generation for entry in self._pool.open()]

    def fail_all(self, error: EkibenError) -> None:
        """End everyone who is there; newcomers are still taken."""
        self._pool.fail_all(error)

    def _suspend(self, group: Sequence[Entry]) -> None:
        for entry in self._still_wanted(group):
            self._reporting.suspended(entry)
            self._pool.fail(entry, _suspended())

    def _still_wanted(self, group: Sequence[Entry]) -> list[Entry]:
        return self._pool.still_wanted(group, self._clock())


def _suspended() -> ShuttingDown:
    return ShuttingDown("This model is shutting down; the picture can be continued elsewhere.")
