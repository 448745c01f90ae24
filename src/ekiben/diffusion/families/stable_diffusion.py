"""Stable Diffusion 1.x, 2.x, SD-Turbo and LCM: a UNet conditioned on one text encoder.

A latent consistency model is one whose UNet has an input for the guidance scale; it takes one row at any scale.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import torch
from torch import Tensor

from ekiben.diffusion.families.adapters import Adapters
from ekiben.diffusion.family import Conditions, Encode, Pipeline
from ekiben.diffusion.latent_space import LatentSpace
from ekiben.diffusion.request import Adapter, ImageRequest, SourceImage
from ekiben.diffusion.schedulers import Scheduler
from ekiben.diffusion.step_cache import StepCache
from ekiben.errors import InvalidRequest


class StableDiffusion:
    """See `Family`."""

    name = "stable-diffusion"
    begins_at_zero = False
    step_cache: StepCache | None = None

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._adapters = Adapters(pipeline)
        self.adapters = self._adapters.names
        self._unet: Any = pipeline.unet
        self.latents = LatentSpace(pipeline.vae)
        self.scheduler: Scheduler = pipeline.scheduler
        self.device: torch.device = self._unet.device
        self.dtype: torch.dtype = self._unet.dtype
        self.size_multiple = self.latents.scale
        self._has_scale_input = self._unet.config.time_cond_proj_dim is not None

    def check(self, request: ImageRequest, source: SourceImage | None) -> None:
        """See `Family`."""
        check_size(request, self.size_multiple)
        if self.takes_mask_as_input() and (source is None or source.mask is None):
            raise InvalidRequest("This model only inpaints: it needs an image and a mask.", param="mask")

    def is_guided(self, request: ImageRequest) -> bool:
        """See `Family`."""
        return request.guidance_scale > 1 and not self._has_scale_input

    def shape_key(self, request: ImageRequest) -> Hashable:
        """See `Family`."""
        return (request.width, request.height, request.adapters)

    def use_adapters(self, adapters: tuple[Adapter, ...]) -> None:
        """See `Family`."""
        self._adapters.use(adapters)

    def encode(self, text: str) -> Conditions:
        """See `Family`; `text` is [1, tokens, width]."""
        encoded, _ = self._pipeline.encode_prompt(text, self.device, 1, do_classifier_free_guidance=False)
        return {"text": encoded}

    def conditions(self, request: ImageRequest, encode: Encode) -> tuple[Conditions, ...]:
        """See `Family`."""
        texts = [request.negative_prompt or "", request.prompt] if self.is_guided(request) else [request.prompt]
        scale = self._scale_input(request)
        return tuple({**encode(text), **scale} for text in texts)

    def set_timesteps(self, scheduler: Scheduler, request: ImageRequest) -> None:
        """See `Family`."""
        scheduler.set_timesteps(request.steps, device=self.device)

    def first_step(self, request: ImageRequest) -> int:
        """See `Family`."""
        return request.steps - min(int(request.steps * request.strength), request.steps)

    def takes_mask_as_input(self) -> bool:
        """See `Family`."""
        return bool(self._unet.config.in_channels > self.latents.channels)

    def predict(self, sample: Tensor, timestep: Tensor, conditions: Conditions) -> Tensor:
        """See `Family`."""
        predicted: Tensor = self._unet(
            sample,
            timestep,
            encoder_hidden_states=conditions["text"],
            timestep_cond=conditions.get("scale"),
            return_dict=False,
        )[0]
        return predicted

    def pack(self, latents: Tensor) -> Tensor:
        """See `Family`: unchanged."""
        return latents

    def unpack(self, packed: Tensor, width: int, height: int) -> Tensor:  # noqa: ARG002
        """See `Family`: unchanged."""
        return packed

    def _scale_input(self, request: ImageRequest) -> Conditions:
        if not self._has_scale_input:
            return {}
        scale = torch.tensor([request.guidance_scale - 1])
        size = self._unet.config.time_cond_proj_dim
        embedded: Tensor = self._pipeline.get_guidance_scale_embedding(scale, embedding_dim=size)
        return {"scale": embedded.to(self.device, self.dtype)}


def check_size(request: ImageRequest, multiple: int) -> None:
    """Refuse sizes that the latent grid does not divide.

    Raises:
        InvalidRequest: Naming the side and the multiple.
    """
    for side in ("width", "height"):
        if getattr(request, side) % multiple:
            raise InvalidRequest(f"{side} {getattr(request, side)} is not a multiple of {multiple} pixels.", param=side)
