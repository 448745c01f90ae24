"""The one page between the engine and a family of models: what differs between Stable Diffusion, SD3 and FLUX.

    check         is this request one that the model can do?     → InvalidRequest
    shape_key     which requests may share a forward?
    conditions    the prompt, encoded: one for each denoiser row
    set_timesteps the schedule, on the request's own scheduler
    predict       one forward of the denoiser over the rows of many requests
    pack, unpack  between latent pictures and what the denoiser takes

Everything else (noise, source images, masks, guidance, stepping, decoding) is the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from ekiben.diffusion.latent_space import LatentSpace
from ekiben.diffusion.request import Adapter, ImageRequest, SourceImage
from ekiben.diffusion.schedulers import Scheduler
from ekiben.diffusion.step_cache import StepCache

Conditions = Mapping[str, Tensor]
"""What one denoiser row is conditioned on, by name; every tensor has a first dimension of 1, or of n when stacked."""

Encode = Callable[[str], Conditions]
"""Encodes one text alone; the engine's is cached."""


class Family(Protocol):
    """A loaded model of one family.

    Attributes:
        name: Of the family, as checkpoints state it.
        latents: Its autoencoder.
        scheduler: The model's own, a template that is never stepped.
        adapters: Names of the low-rank adapters that it has loaded.
        device: Where the denoiser is.
        dtype: What it computes in.
        size_multiple: Width and height must be multiples of this, in pixels.
        begins_at_zero: Whether the pipeline tells its scheduler that a picture made from noise begins at index 0.
        step_cache: Told, before each forward, whose rows it is of; None where the denoiser has none.
    """

    name: str
    latents: LatentSpace
    scheduler: Scheduler
    adapters: frozenset[str]
    device: torch.device
    dtype: torch.dtype
    size_multiple: int
    begins_at_zero: bool
    step_cache: StepCache | None

    def check(self, request: ImageRequest, source: SourceImage | None) -> None:
        """Refuse what the model cannot do.

        Raises:
            InvalidRequest: Naming the field.
        """

    def is_guided(self, request: ImageRequest) -> bool:
        """Whether the request takes two denoiser rows: one without the prompt, one with it."""

    def shape_key(self, request: ImageRequest) -> Hashable:
        """Requests with equal keys may share a forward."""

    def use_adapters(self, adapters: tuple[Adapter, ...]) -> None:
        """Apply these adapters, and no others, to what is encoded and predicted from now on."""

    def encode(self, text: str) -> Conditions:
        """Encode one text."""

    def conditions(self, request: ImageRequest, encode: Encode) -> tuple[Conditions, ...]:
        """The conditions of the request's rows: of the one without the prompt first, where it is guided."""

    def set_timesteps(self, scheduler: Scheduler, request: ImageRequest) -> None:
        """Set the schedule of a request made from noise."""

    def first_step(self, request: ImageRequest) -> int:
        """How many steps `strength` leaves out for a request with a source image."""

    def takes_mask_as_input(self) -> bool:
        """Whether the denoiser was trained for inpainting and takes mask and masked picture as channels."""

    def predict(self, sample: Tensor, timestep: Tensor, conditions: Conditions) -> Tensor:
        """One forward.

        Args:
            sample: [n, …], scaled by each row's scheduler.
            timestep: [n], float32.
            conditions: Stacked to [n, …].

        Returns:
            [n, …]: noise, velocity or picture, as the scheduler is configured for.
        """

    def pack(self, latents: Tensor) -> Tensor:
        """Bring [1, channels, rows, columns] into the denoiser's form."""

    def unpack(self, packed: Tensor, width: int, height: int) -> Tensor:
        """Bring [n, …] from the denoiser's form to [n, channels, rows, columns]."""


Pipeline = Any
"""A loaded pipeline of diffusers, whose classes share no typed base."""
