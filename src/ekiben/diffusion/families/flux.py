"""FLUX.1, schnell and dev: a transformer over packed latents, conditioned on T5 and a pooled CLIP text.

Guidance is distilled into dev, which is told the scale, and absent from schnell: one row either way.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
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
from ekiben.errors import InvalidRequest

_MAX_SHIFT = 1.15
_PATCH = 2  # latent pixels along a token's side


class Flux:
    """See `Family`.

    Args:
        pipeline: A `FluxPipeline`.
        max_text_tokens: Longest text that T5 reads; schnell's limit is 256, dev's 512.
    """

    name = "flux"
    begins_at_zero = True
    step_cache: StepCache | None = None

    def __init__(self, pipeline: Pipeline, *, max_text_tokens: int = 512) -> None:
        self._pipeline = pipeline
        self._adapters = Adapters(pipeline)
        self.adapters = self._adapters.names
        self._transformer: Any = pipeline.transformer
        self._max_text_tokens = max_text_tokens
        self.latents = LatentSpace(pipeline.vae)
        self.scheduler: Scheduler = pipeline.scheduler
        self.device: torch.device = self._transformer.device
        self.dtype: torch.dtype = self._transformer.dtype
        self.size_multiple = self.latents.scale * _PATCH

    def check(self, request: ImageRequest, source: SourceImage | None) -> None:  # noqa: ARG002
        """See `Family`."""
        check_size(request, self.size_multiple)
        if request.negative_prompt:
            raise InvalidRequest(
                "This model's guidance is distilled: it takes no negative prompt.", param="negative_prompt"
            )

    def is_guided(self, request: ImageRequest) -> bool:  # noqa: ARG002
        """See `Family`: never, for the scale is an input or is not used."""
        return False

    def shape_key(self, request: ImageRequest) -> Hashable:
        """See `Family`."""
        return (request.width, request.height, request.adapters)

    def use_adapters(self, adapters: tuple[Adapter, ...]) -> None:
        """See `Family`."""
        self._adapters.use(adapters)

    def encode(self, text: str) -> Conditions:
        """See `Family`; `text` is [1, tokens, width], `pooled` [1, width]."""
        encoded, pooled, _ = self._pipeline.encode_prompt(
            text, device=self.device, num_images_per_prompt=1, max_sequence_length=self._max_text_tokens
        )
        return {"text": encoded, "pooled": pooled}

    def conditions(self, request: ImageRequest, encode: Encode) -> tuple[Conditions, ...]:
        """See `Family`; `places` is [1, image tokens, 3], the same for every row of a batch."""
        conditions = {**encode(request.prompt), "places": self._places(request.width, request.height)}
        if self._transformer.config.guidance_embeds:
            conditions["scale"] = torch.full([1], request.guidance_scale, device=self.device, dtype=torch.float32)
        return (conditions,)

    def set_timesteps(self, scheduler: Scheduler, request: ImageRequest) -> None:
        """See `Family`."""
        sigmas = np.linspace(1.0, 1 / request.steps, request.steps)
        tokens = (request.width // self.size_multiple) * (request.height // self.size_multiple)
        shift = shift_of(scheduler, tokens, _MAX_SHIFT)
        scheduler.set_timesteps(sigmas=sigmas, device=self.device, mu=shift)

    def first_step(self, request: ImageRequest) -> int:
        """See `Family`."""
        return first_step(request)

    def takes_mask_as_input(self) -> bool:
        """See `Family`."""
        return False

    def predict(self, sample: Tensor, timestep: Tensor, conditions: Conditions) -> Tensor:
        """See `Family`."""
        text = conditions["text"]
        predicted: Tensor = self._transformer(
            hidden_states=sample,
            timestep=timestep.to(sample.dtype) / 1000,
            guidance=conditions.get("scale"),
            pooled_projections=conditions["pooled"],
            encoder_hidden_states=text,
            txt_ids=torch.zeros(text.shape[1], 3, device=self.device, dtype=text.dtype),
            img_ids=conditions["places"][0],
            return_dict=False,
        )[0]
        return predicted

    def pack(self, latents: Tensor) -> Tensor:
        """See `Family`: to [n, tokens, 4 × channels]."""
        n, channels, rows, columns = latents.shape
        patches = latents.view(n, channels, rows // _PATCH, _PATCH, columns // _PATCH, _PATCH)
        return patches.permute(0, 2, 4, 1, 3, 5).reshape(n, -1, channels * _PATCH**2)

    def unpack(self, packed: Tensor, width: int, height: int) -> Tensor:
        """See `Family`."""
        _, channels, rows, columns = self.latents.shape(width, height)
        patches = packed.view(len(packed), rows // _PATCH, columns // _PATCH, channels, _PATCH, _PATCH)
        return patches.permute(0, 3, 1, 4, 2, 5).reshape(len(packed), channels, rows, columns)

    def _places(self, width: int, height: int) -> Tensor:
        """Row and column of every image token."""
        rows, columns = height // self.size_multiple, width // self.size_multiple
        places = torch.zeros(rows, columns, 3)
        places[..., 1] = torch.arange(rows)[:, None]
        places[..., 2] = torch.arange(columns)[None, :]
        return places.reshape(1, -1, 3).to(self.device, self.dtype)
