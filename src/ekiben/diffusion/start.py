"""The beginning of a picture: its schedule, its noise and, with a source image, where in the schedule it enters.

Noise is drawn in the order in which diffusers' pipelines draw it, so that a seed gives the same picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn.functional import interpolate

from ekiben.diffusion.family import Family
from ekiben.diffusion.noise import draw
from ekiben.diffusion.repaint import Repaint, noised
from ekiben.diffusion.request import ImageRequest, SourceImage
from ekiben.diffusion.schedulers import Scheduler, name_of
from ekiben.errors import InvalidRequest


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Where denoising begins.

    Attributes:
        latents: In the denoiser's form, first dimension 1.
        repaint: What stays of a masked source image.
        channels: Mask and masked picture for a denoiser that takes them, [1, 1 + channels, rows, columns].
    """

    latents: Tensor
    repaint: Repaint | None = None
    channels: Tensor | None = None


def schedule(family: Family, scheduler: Scheduler, request: ImageRequest, *, has_source: bool) -> Tensor:
    """Set a scheduler's timesteps and give those that this request goes through.

    Raises:
        InvalidRequest: `strength` leaves no step, or the scheduler cannot take so many or so few.
    """
    try:
        family.set_timesteps(scheduler, request)
    except (ValueError, IndexError, ZeroDivisionError) as error:
        raise InvalidRequest(
            f"{name_of(scheduler)} cannot take {request.steps} steps: {error}", param="steps"
        ) from error
    first = family.first_step(request) if has_source else 0
    if (has_source or family.begins_at_zero) and hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first * scheduler.order)
    timesteps: Tensor = scheduler.timesteps[first * scheduler.order :]
    if first >= request.steps or not len(timesteps):
        raise InvalidRequest(
            f"strength {request.strength} of {request.steps} steps leaves none. Raise one of them.", param="strength"
        )
    return timesteps


def begin(
    family: Family,
    scheduler: Scheduler,
    timesteps: Tensor,
    request: ImageRequest,
    source: SourceImage | None,
    generator: Generator,
) -> Start:
    """Draw what a request begins with; `schedule` comes first."""
    if source is None:
        return Start(family.pack(_noise(family, request, generator) * _first_sigma(scheduler)))
    picture = family.latents.image(source.pixels, request.width, request.height)
    if source.mask is None:
        image = family.latents.encode(picture, generator, family.dtype)
        noise = _noise(family, request, generator)
        return Start(family.pack(noised(scheduler, image, noise, timesteps[0])))
    return _begin_masked(family, scheduler, timesteps, request, picture, source, generator)


def _begin_masked(
    family: Family,
    scheduler: Scheduler,
    timesteps: Tensor,
    request: ImageRequest,
    picture: Tensor,
    source: SourceImage,
    generator: Generator,
) -> Start:
    is_only_noise = request.strength == 1.0
    needs_image = not (is_only_noise and family.takes_mask_as_input())
    image = family.latents.encode(picture, generator, family.dtype) if needs_image else None
    noise = _noise(family, request, generator)
    if image is None or is_only_noise:
        latents = noise * _first_sigma(scheduler)
    else:
        latents = noised(scheduler, image, noise, timesteps[0])
    assert source.mask is not None  # noqa: S101  # the caller looked
    full_mask = family.latents.mask(source.mask, request.width, request.height)
    masked = family.latents.encode(picture * (full_mask < 0.5), generator, family.dtype)
    mask = interpolate(full_mask, size=noise.shape[-2:]).to(noise)
    if image is None or family.takes_mask_as_input():
        return Start(family.pack(latents), channels=torch.cat([mask, masked], dim=1))
    wide_mask = mask.expand_as(noise)
    return Start(family.pack(latents), Repaint(*map(family.pack, (wide_mask, image, noise))))


def _noise(family: Family, request: ImageRequest, generator: Generator) -> Tensor:
    shape = family.latents.shape(request.width, request.height)
    return draw(shape, generator, device=family.device, dtype=family.dtype)


def _first_sigma(scheduler: Scheduler) -> float | Tensor:
    """What a scheduler wants its first noise multiplied with; those of flows want it as it is."""
    sigma: float | Tensor = getattr(scheduler, "init_noise_sigma", 1.0)
    return sigma
