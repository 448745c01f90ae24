"""Inpainting: what the mask keeps is put back after every step, noised to where the picture is by then."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ekiben.diffusion.schedulers import Scheduler


@dataclass(frozen=True, slots=True, eq=False)
class Repaint:
    """What is kept of a source image; all in the denoiser's form, except `channels`.

    Attributes:
        mask: 1 where the picture is painted anew, 0 where it stays.
        image: The source's latents.
        noise: What it is noised with.
    """

    mask: Tensor
    image: Tensor
    noise: Tensor

    def put_back(self, latents: Tensor, scheduler: Scheduler, next_timestep: Tensor | None) -> Tensor:
        """Latents in which the kept part is as it would be before the next step, or clean after the last one."""
        kept = self.image if next_timestep is None else noised(scheduler, self.image, self.noise, next_timestep)
        return (1 - self.mask) * kept + self.mask * latents


def noised(scheduler: Scheduler, image: Tensor, noise: Tensor, timestep: Tensor) -> Tensor:
    """Latents noised to a timestep, by the name that the scheduler's kind has for it."""
    timestep = timestep.reshape(1)
    mixed: Tensor
    if hasattr(scheduler, "scale_noise"):
        mixed = scheduler.scale_noise(image, timestep, noise)
    else:
        mixed = scheduler.add_noise(image, noise, timestep)
    return mixed.to(image.dtype)
