"""The engine: pictures of different requests share every forward of the denoiser.

`step` is the whole of it. Requests join before a step and leave after one; between two steps each picture is a few
tensors (`run.Run`), which can be written down and continued elsewhere (`checkpoint.Checkpoint`).
"""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Sequence, Set
from copy import copy

import torch

from ekiben.batching.cap import CostCap
from ekiben.batching.isolation import run_in_halves
from ekiben.batching.urgency import due_at
from ekiben.diffusion.beginning import Beginning
from ekiben.diffusion.checkpoint import Checkpoint
from ekiben.diffusion.entry import Entry
from ekiben.diffusion.family import Family
from ekiben.diffusion.generation import CheckpointTaken, GeneratedImage, Generation, Preview, Progress, Wishes
from ekiben.diffusion.identity import ModelIdentity
from ekiben.diffusion.limits import EngineLimits
from ekiben.diffusion.memory import give_back, is_out_of_memory
from ekiben.diffusion.observer import Observer, Silence
from ekiben.diffusion.pace import Pace, check_deadline
from ekiben.diffusion.pool import Pool
from ekiben.diffusion.preview import LatentPreview, is_due
from ekiben.diffusion.request import ImageRequest, SourceImage
from ekiben.diffusion.run import predict
from ekiben.diffusion.run_state import capture
from ekiben.diffusion.schedulers import name_of
from ekiben.diffusion.selection import Selection
from ekiben.diffusion.timing import Stopwatch
from ekiben.errors import DeviceOutOfMemory, EkibenError, Internal, ShuttingDown

Clock = Callable[[], float]

_log = logging.getLogger(__name__)


class Engine:
    """Makes pictures with one model on one device.

    `submit`, `has_work` and `close` may be called from any thread; `step` and `suspend` from the device's alone.

    Args:
        family: The loaded model.
        model: Which one it is, for checkpoints.
        limits: Of a forward and of the queue.
        adapters: Names of those that the model has loaded.
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
        adapters: Set[str] = frozenset(),
        preview: LatentPreview | None = None,
        observer: Observer | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._family = family
        self._model = model
        self._limits = limits
        self._preview = preview
        self._observer: Observer = observer or Silence()
        self._clock = clock
        self._pool = Pool(limits.max_open, self._observer)
        self._selection: Selection[Entry] = Selection()
        self._beginning = Beginning(family, adapters, limits.prompt_cache_bytes)
        self._cap = CostCap(limits.max_cost)
        self._pace = Pace()
        self._sequence = itertools.count()
        self._observer.cap_changed(self._cap.value)

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
    ) -> Generation:
        """Ask for a picture.

        Args:
            request: What to make.
            source: What to start from instead of noise.
            checkpoint: Where to go on; its own request must be this one.
            wishes: Deadline, priority, previews and checkpoints.

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
            generation=Generation(request),
            wishes=wishes,
            shape_key=self._family.shape_key(request),
            cost=request.pixels * (2 if self._family.is_guided(request) else 1),
            due=due_at(now, wishes.deadline, wishes.priority, self._limits.ageing_s),
            sequence=next(self._sequence),
            stopwatch=Stopwatch(now),
            source=source,
            checkpoint=checkpoint,
        )
        self._check_deadline(entry, now, self._pool.open())
        self._pool.add(entry)
        return entry.generation

    @torch.inference_mode()
    def step(self) -> bool:
        """Take the pictures of one shape a step further; returns whether there was anything to do."""
        self._pool.sweep(self._clock())
        batch = self._selection.choose(self._pool.open(), self._cap.value)
        if not batch:
            return False
        self._family.use_adapters(batch[0].request.adapters)
        joined = [entry for entry in batch if self._begin(entry)]
        run_in_halves(joined, self._still_wanted, self._denoise)
        finished = [entry for entry in self._still_wanted(joined) if entry.started.is_done]
        run_in_halves(finished, self._still_wanted, self._decode)
        for entry in self._still_wanted(joined):
            self._report(entry)
        return True

    @torch.inference_mode()
    def suspend(self) -> None:
        """End every picture with `ShuttingDown`, after its listener was handed a last checkpoint.

        One that has not begun has no checkpoint: it is asked for again with its request alone.
        """
        error = ShuttingDown("This model is shutting down; the picture can be continued elsewhere.")
        self._pool.close(error)
        for entry in self._still_wanted(self._pool.open()):
            if entry.run is not None and entry.run.step > 0:
                self._take_checkpoint(entry)
            self._pool.fail(entry, copy(error))

    def close(self, error: EkibenError, *, drain: bool = False) -> None:
        """Take nothing more.

        Args:
            error: What newcomers hear, and everyone who is there unless `drain` is set.
            drain: Whether `step` may finish what is there.
        """
        self._pool.close(error)
        if not drain:
            self._pool.fail_all(error)

    def fail_all(self, error: EkibenError) -> None:
        """End everyone who is there; newcomers are still taken."""
        self._pool.fail_all(error)

    def _check_deadline(self, entry: Entry, now: float, others: Sequence[Entry]) -> None:
        if entry.wishes.deadline == float("inf"):
            return
        steps = entry.steps_left
        ahead = sum(other.cost * min(other.steps_left, steps) for other in others if other is not entry)
        needed_s = self._pace.seconds(steps, entry.cost, ahead, self._cap.value, entry.request.pixels, now)
        check_deadline(entry.wishes.deadline - now, needed_s)

    def _still_wanted(self, group: Sequence[Entry]) -> list[Entry]:
        return self._pool.still_wanted(group, self._clock())

    def _begin(self, entry: Entry) -> bool:
        """Encode the prompt and draw the noise of an entry that joins; returns whether it takes part in the step."""
        if entry.run is not None:
            return True
        started = self._clock()
        try:
            self._check_deadline(entry, started, ())
            self._beginning.begin(entry)
        except Exception as error:  # noqa: BLE001  # one request's fault must not reach its neighbours
            self._pool.fail(entry, DeviceOutOfMemory("The picture does not fit.") if is_out_of_memory(error) else error)
            return False
        entry.stopwatch.encode_s += self._clock() - started
        return True

    def _denoise(self, group: Sequence[Entry]) -> bool:
        """One forward and a scheduler step each; returns whether to try again in halves."""
        started = self._clock()
        try:
            predictions = predict(self._family, [entry.started for entry in group])
        except Exception as error:  # noqa: BLE001  # the culprit is found by halves
            return self._failed(group, error)
        for entry, prediction in zip(group, predictions, strict=True):
            try:
                entry.started.advance(prediction)
            except Exception as error:  # noqa: BLE001  # its own scheduler failed
                self._pool.fail(entry, error)
        self._fail_broken(group)
        self._account(group, self._clock() - started)
        return False

    def _fail_broken(self, group: Sequence[Entry]) -> None:
        """Drop pictures that are no numbers any more; reading the answers also waits for the device."""
        finite = torch.stack([entry.started.latents.isfinite().all() for entry in group]).tolist()
        for entry, is_finite in zip(group, finite, strict=True):
            if not is_finite:
                self._pool.fail(entry, Internal("The model computed numbers that are not finite."))

    def _account(self, group: Sequence[Entry], seconds: float) -> None:
        rows, cost = sum(len(entry.started.conditions) for entry in group), sum(entry.cost for entry in group)
        for entry in group:
            entry.stopwatch.denoise_s += seconds
            entry.stopwatch.evaluations += 1
            entry.stopwatch.rows += rows
        self._pace.stepped(cost, seconds, self._clock())
        self._observer.stepped(rows, cost, seconds)
        if self._cap.recovered():
            self._observer.cap_changed(self._cap.value)

    def _decode(self, group: Sequence[Entry]) -> bool:
        """One batch of the autoencoder; returns whether to try again in halves."""
        started = self._clock()
        width, height = group[0].request.width, group[0].request.height
        try:
            latents = torch.cat([entry.started.latents for entry in group])
            pictures = self._family.latents.decode(self._family.unpack(latents, width, height))
        except Exception as error:  # noqa: BLE001  # the culprit is found by halves
            return self._failed(group, error)
        now = self._clock()
        self._pace.decoded(width * height * len(group), now - started, now)
        self._observer.decoded(len(group), now - started)
        for entry, pixels in zip(group, pictures, strict=True):
            entry.stopwatch.decode_s += now - started
            scheduler = name_of(entry.started.scheduler)
            timing = entry.stopwatch.timing(now)
            image = GeneratedImage(pixels, entry.request, scheduler, entry.stopwatch.evaluations, timing)
            self._pool.succeed(entry, image)
        return False

    def _failed(self, group: Sequence[Entry], error: Exception) -> bool:
        """Book a batch that raised; returns whether to try again in halves."""
        no_memory = is_out_of_memory(error)
        if no_memory:
            give_back(self._family.device)
            if self._cap.halved(sum(entry.cost for entry in group)):
                self._observer.cap_changed(self._cap.value)
        if len(group) > 1:
            self._observer.retried("out_of_memory" if no_memory else "error")
            return True
        alone = DeviceOutOfMemory("One picture of this size alone does not fit the device.")
        self._pool.fail(group[0], alone if no_memory else error)
        return False

    def _report(self, entry: Entry) -> None:
        """Tell a listener of the step that is done."""
        run, wishes = entry.started, entry.wishes
        step, steps = run.step, len(run.timesteps)
        self._pool.tell(entry, Progress(step, steps))
        if self._preview is not None and is_due(step, steps, wishes.preview_every):
            shown = run.latents if run.estimate is None else run.estimate
            latents = self._family.unpack(shown, entry.request.width, entry.request.height)
            self._pool.tell(entry, Preview(step, steps, self._preview(latents)))
        if is_due(step, steps, wishes.checkpoint_every):
            self._take_checkpoint(entry)

    def _take_checkpoint(self, entry: Entry) -> None:
        run = entry.started
        checkpoint = capture(run, self._family, self._model, entry.stopwatch)
        self._pool.tell(entry, CheckpointTaken(run.step, len(run.timesteps), checkpoint))
