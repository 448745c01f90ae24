"""One picture in the making: its latents and everything that takes them a step further."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Generator, Tensor

from ekiben.diffusion.family import Conditions, Family
from ekiben.diffusion.guidance import guided
from ekiben.diffusion.repaint import Repaint
from ekiben.diffusion.request import ImageRequest
from ekiben.diffusion.schedulers import Scheduler, takes_generator
from ekiben.diffusion.step_cache import RowMemory


@dataclass(slots=True, eq=False)
class Run:
    """Denoising of one request; changed by `advance` alone.

    Attributes:
        timesteps: Those that it goes through, [n].
        conditions: One for each of its denoiser rows.
        latents: In the denoiser's form, first dimension 1.
        has_source: Whether it began from an image.
        step: How many timesteps are behind it.
        estimate: The clean picture that the last step predicted, in the denoiser's form, where the scheduler says so.
        memories: What each of its rows remembers for a step cache; not part of a checkpoint.
    """

    request: ImageRequest
    scheduler: Scheduler
    generator: Generator
    timesteps: Tensor
    conditions: tuple[Conditions, ...]
    latents: Tensor
    has_source: bool = False
    repaint: Repaint | None = None
    channels: Tensor | None = None
    step: int = 0
    estimate: Tensor | None = None
    memories: tuple[RowMemory, ...] = field(init=False)
    _takes_generator: bool = field(init=False)

    def __post_init__(self) -> None:
        self._takes_generator = takes_generator(self.scheduler)
        self.forget()

    def forget(self) -> None:
        """Reuse nothing of earlier steps."""
        self.memories = tuple(RowMemory() for _ in self.conditions)

    @property
    def is_done(self) -> bool:
        """Whether every step is behind it."""
        return self.step >= len(self.timesteps)

    @property
    def timestep(self) -> Tensor:
        """The present one, of no dimension."""
        return self.timesteps[self.step]

    def denoiser_input(self) -> Tensor:
        """What the denoiser takes for one of its rows, first dimension 1."""
        sample = self.latents
        if hasattr(self.scheduler, "scale_model_input"):
            sample = self.scheduler.scale_model_input(sample, self.timestep)
        return sample if self.channels is None else torch.cat([sample, self.channels], dim=1)

    def advance(self, predictions: Tensor) -> None:
        """Take one step with the predictions of its rows, [rows, …]."""
        prediction = guided(predictions, self.request.guidance_scale)
        noise = {"generator": self.generator} if self._takes_generator else {}
        stepped = self.scheduler.step(prediction, self.timestep, self.latents, **noise)
        latents: Tensor = stepped.prev_sample
        if self.repaint is not None:
            is_last = self.step + 1 == len(self.timesteps)
            latents = self.repaint.put_back(latents, self.scheduler, None if is_last else self.timesteps[self.step + 1])
        self.estimate = getattr(stepped, "denoised", getattr(stepped, "pred_original_sample", None))
        self.latents = latents
        self.step += 1


def predict(family: Family, runs: list[Run]) -> list[Tensor]:
    """One forward for the rows of all runs, each with its own timestep.

    Returns:
        Each run's predictions, [its rows, …].
    """
    rows = [(run, condition) for run in runs for condition in run.conditions]
    inputs = {id(run): run.denoiser_input() for run in runs}
    sample = torch.cat([inputs[id(run)] for run, _ in rows])
    timestep = torch.stack([run.timestep.to(family.device, torch.float32) for run, _ in rows])
    conditions = {name: torch.cat([condition[name] for _, condition in rows]) for name in rows[0][1]}
    if family.step_cache is not None:
        family.step_cache.begin([memory for run in runs for memory in run.memories])
    predictions = family.predict(sample, timestep, conditions)
    return list(torch.split(predictions, [len(run.conditions) for run in runs]))
