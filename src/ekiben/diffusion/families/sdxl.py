"""SDXL, SDXL-Turbo, SDXL-Lightning and latent consistency models of that size.

Two text encoders; the UNet is also told a pooled text and the size of the picture.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ekiben.diffusion.families.stable_diffusion import StableDiffusion
from ekiben.diffusion.family import Conditions, Encode
from ekiben.diffusion.request import ImageRequest


class StableDiffusionXL(StableDiffusion):
    """See `Family`."""

    name = "sdxl"
    begins_at_zero = True

    def encode(self, text: str) -> Conditions:
        """See `Family`; `text` is [1, tokens, width], `pooled` [1, width]."""
        encoded, _, pooled, _ = self._pipeline.encode_prompt(
            text, device=self.device, num_images_per_prompt=1, do_classifier_free_guidance=False
        )
        return {"text": encoded, "pooled": pooled}

    def conditions(self, request: ImageRequest, encode: Encode) -> tuple[Conditions, ...]:
        """See `Family`."""
        size = torch.tensor([[request.height, request.width, 0, 0, request.height, request.width]])
        told = {**self._scale_input(request), "size": size.to(self.device, self.dtype)}
        prompt = encode(request.prompt)
        if not self.is_guided(request):
            return ({**prompt, **told},)
        return ({**self._without(request, prompt, encode), **told}, {**prompt, **told})

    def predict(self, sample: Tensor, timestep: Tensor, conditions: Conditions) -> Tensor:
        """See `Family`."""
        predicted: Tensor = self._unet(
            sample,
            timestep,
            encoder_hidden_states=conditions["text"],
            timestep_cond=conditions.get("scale"),
            added_cond_kwargs={"text_embeds": conditions["pooled"], "time_ids": conditions["size"]},
            return_dict=False,
        )[0]
        return predicted

    def _without(self, request: ImageRequest, prompt: Conditions, encode: Encode) -> Conditions:
        """The row without the prompt: zeros for checkpoints trained so, unless a negative prompt is given."""
        if request.negative_prompt is None and self._pipeline.config.force_zeros_for_empty_prompt:
            return {name: torch.zeros_like(tensor) for name, tensor in prompt.items()}
        return encode(request.negative_prompt or "")
