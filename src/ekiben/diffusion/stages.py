"""What a step does on the device: begin those who join, denoise, decode. Each books its time, and who failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from ekiben.batching.cap import CostCap
from ekiben.diffusion.beginning import Beginning
from ekiben.diffusion.entry import Entry
from ekiben.diffusion.family import Family
from ekiben.diffusion.generation import GeneratedImage
from ekiben.diffusion.memory import give_back, is_out_of_memory
from ekiben.diffusion.observer import Observer
from ekiben.diffusion.pace import Pace
from ekiben.diffusion.pool import Pool
from ekiben.diffusion.run import predict
from ekiben.diffusion.schedulers import name_of
from ekiben.errors import DeviceOutOfMemory, Internal, Unavailable

Clock = Callable[[], float]


class Stages:
    """The stages for one model; `denoise` and `decode` suit `ekiben.batching.isolation.run_in_halves`.

    Args:
        family: The model.
        beginning: Begins runs.
        pool: Where outcomes go.
        cap: Lowered when memory runs out.
        pace: Learns from every batch.
        observer: Told of every batch.
        clock: Seconds.
    """

    def __init__(
        self,
        family: Family,
        beginning: Beginning,
        pool: Pool,
        cap: CostCap,
        pace: Pace,
        observer: Observer,
        clock: Clock,
    ) -> None:
        self._family = family
        self._beginning = beginning
        self._pool = pool
        self._cap = cap
        self._pace = pace
        self._observer = observer
        self._clock = clock

    def adapt(self, batch: Sequence[Entry]) -> Sequence[Entry]:
        """Apply the adapters of a batch, which are the same for all of it; returns whom that worked for."""
        try:
            self._family.use_adapters(batch[0].request.adapters)
        except Exception as error:  # noqa: BLE001  # theirs alone
            for entry in batch:
                self._pool.fail(entry, error)
            return ()
        return batch

    def begin(self, entry: Entry) -> bool:
        """Encode the prompt and draw the noise of an entry that joins; returns whether it takes part in the step.

        Where there is no memory for that now, it waits until those who are under way have left.
        """
        if entry.run is not None:
            return True
        started = self._clock()
        try:
            self._pace.check(entry, (), self._cap.value, started)
            self._beginning.begin(entry)
        except Exception as error:  # noqa: BLE001  # one request's fault must not reach its neighbours
            self._not_begun(entry, error)
            return False
        entry.stopwatch.encode_s += self._clock() - started
        return True

    def denoise(self, group: Sequence[Entry]) -> bool:
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
                self._pool.fail(entry, _no_memory() if is_out_of_memory(error) else error)
        self._fail_broken(group)
        self._account(group, self._clock() - started)
        return False

    def decode(self, group: Sequence[Entry]) -> bool:
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

    def _not_begun(self, entry: Entry, error: Exception) -> None:
        if not is_out_of_memory(error):
            self._pool.fail(entry, error)
            return
        give_back(self._family.device)
        self._observer.retried("out_of_memory")
        if not any(other.run is not None for other in self._pool.open()):
            self._pool.fail(entry, _too_large())

    def _fail_broken(self, group: Sequence[Entry]) -> None:
        """Drop pictures that are no numbers any more; reading the answers also waits for the device."""
        finite = torch.stack([entry.started.latents.isfinite().all() for entry in group]).tolist()
        for entry, is_finite in zip(group, finite, strict=True):
            if not is_finite:
                self._pool.fail(entry, Internal("The model computed numbers that are not finite."))

    def _account(self, group: Sequence[Entry], seconds: float) -> None:
        rows, cost = sum(len(entry.started.conditions) for entry in group), sum(entry.cost for entry in group)
        for entry in group:
            entry.stopwatch.denoised(seconds, rows)
        self._pace.stepped(cost, seconds, self._clock())
        self._observer.stepped(rows, cost, seconds)
        if self._cap.recovered():
            self._observer.cap_changed(self._cap.value)

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
        self._pool.fail(group[0], _too_large() if no_memory else error)
        return False


def _no_memory() -> Unavailable:
    # Half a step cannot be taken back, as a forward can.
    return Unavailable("The device ran out of memory within a step; try again.")


def _too_large() -> DeviceOutOfMemory:
    return DeviceOutOfMemory("One picture of this size alone does not fit the device.")
