"""Stable Diffusion 3 and 3.5: a transformer conditioned on two CLIP encoders and, where loaded, T5."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import torch
from torch import Tensor

from ekiben.diffusion.families.adapters import Adapters
from ekiben.diffusion.families.flow import first_step, shift_of
from ekiben.diffusion.families.stable_diffusion import check_size
from ekiben.diffusion.family import Conditions, Encode, Pipeline
from ekiben.diffusion.latent_space import LatentSpace
from ekiben.diffusion.request import Adapter, ImageRequest, SourceImage
from ekiben.diffusion.schedulers import Scheduler
from ekiben.diffusion.step_cache import StepCache

_MAX_SHIFT = 1.16


class StableDiffusion3:
    """See `Family`."""

    name = "sd3"
    begins_at_zero = False
    step_cache: StepCache | None = None

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._adapters = Adapters(pipeline)
        self.adapters = self._adapters.names
        self._transformer: Any = pipeline.transformer
        self._patch: int = self._transformer.config.patch_size
        self.latents = LatentSpace(pipeline.vae)
        self.scheduler: Scheduler = pipeline.scheduler
        self.device: torch.device = self._transformer.device
        self.dtype: torch.dtype = self._transformer.dtype
        self.size_multiple = self.latents.scale * self._patch

    def check(self, request: ImageRequest, source: SourceImage | None) -> None:  # noqa: ARG002
        """See `Family`."""
        check_size(request, self.size_multiple)

    def is_guided(self, request: ImageRequest) -> bool:
        """See `Family`."""
        return request.guidance_scale > 1

    def shape_key(self, request: ImageRequest) -> Hashable:
        """See `Family`."""
        return (request.width, request.height, request.adapters)

    def use_adapters(self, adapters: tuple[Adapter, ...]) -> None:
        """See `Family`."""
        self._adapters.use(adapters)

    def encode(self, text: str) -> Conditions:
        """See `Family`; `text` is [1, tokens of CLIP and T5, width], `pooled` [1, width]."""
        encoded, _, pooled, _ = self._pipeline.encode_prompt(
            text, None, None, device=self.device, num_images_per_prompt=1, do_classifier_free_guidance=False
        )
        return {"text": encoded, "pooled": pooled}

    def conditions(self, request: ImageRequest, encode: Encode) -> tuple[Conditions, ...]:
        """See `Family`."""
        texts = [request.negative_prompt or "", request.prompt] if self.is_guided(request) else [request.prompt]
        return tuple(encode(text) for text in texts)

    def set_timesteps(self, scheduler: Scheduler, request: ImageRequest) -> None:
        """See `Family`."""
        shift = {}
        if scheduler.config.get("use_dynamic_shifting", None):
            tokens = (request.width // self.size_multiple) * (request.height // self.size_multiple)
            shift["mu"] = shift_of(scheduler, tokens, _MAX_SHIFT)
        scheduler.set_timesteps(request.steps, device=self.device, **shift)

    def first_step(self, request: ImageRequest) -> int:
        """See `Family`."""
        return first_step(request)

    def takes_mask_as_input(self) -> bool:
        """See `Family`."""
        return False

    def predict(self, sample: Tensor, timestep: Tensor, conditions: Conditions) -> Tensor:
        """See `Family`."""
        predicted: Tensor = self._transformer(
            hidden_states=sample,
            timestep=timestep,
            encoder_hidden_states=conditions["text"],
            pooled_projections=conditions["pooled"],
            return_dict=False,
        )[0]
        return predicted

    def pack(self, latents: Tensor) -> Tensor:
        """See `Family`: unchanged."""
        return latents

    def unpack(self, packed: Tensor, width: int, height: int) -> Tensor:  # noqa: ARG002
        """See `Family`: unchanged."""
        return packed
