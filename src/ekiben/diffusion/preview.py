"""Previews: decoded, or for next to nothing: colour as a linear function of the latents.

That function is fitted when the model loads, on smooth synthetic pictures that the model's own autoencoder encodes, so
that it suits any autoencoder. It shows composition and colour at one pixel for each latent pixel.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from ekiben.diffusion.latent_space import LatentSpace
from ekiben.diffusion.noise import seeded
from ekiben.diffusion.request import Pixels

_PICTURES = 8
_SIDE = 16  # latent pixels


MakePreview = Callable[[Tensor], Pixels]
"""Makes a preview of [1, channels, rows, columns]; called on the device's thread."""


class DecodedPreview:
    """Previews as the model's own autoencoder decodes them: true, and as dear as the last stage of a picture.

    Args:
        latents: The autoencoder.
    """

    def __init__(self, latents: LatentSpace) -> None:
        self._latents = latents

    def __call__(self, latents: Tensor) -> Pixels:
        """A picture of [1, channels, rows, columns], in full size."""
        return self._latents.decode(latents)[0]


class LatentPreview:
    """The fitted function.

    Args:
        weights: [channels + 1, 3]; the last row is the constant.
    """

    def __init__(self, weights: Tensor) -> None:
        self._weights = weights

    @classmethod
    @torch.inference_mode()
    def fitted(cls, latents: LatentSpace) -> LatentPreview:
        """Fit to an autoencoder, by least squares."""
        side = _SIDE * latents.scale
        coarse = torch.rand(_PICTURES, 3, 4, 4, generator=seeded(0)) * 2 - 1
        pictures = interpolate(coarse, size=(side, side), mode="bicubic").clamp(-1, 1)
        encoded = latents.most_likely(pictures).float().cpu()
        colours = interpolate(pictures, size=encoded.shape[-2:], mode="area")
        flat = encoded.permute(0, 2, 3, 1).reshape(-1, latents.channels)
        known = torch.cat([flat, torch.ones(len(flat), 1)], dim=1)
        solution: Tensor = torch.linalg.lstsq(
            known, colours.permute(0, 2, 3, 1).reshape(-1, 3), driver="gelsd"
        ).solution
        return cls(solution)

    def __call__(self, latents: Tensor) -> Pixels:
        """A picture of [1, channels, rows, columns]: [rows, columns, 3]."""
        weights = self._weights.to(latents.device)
        colours = torch.einsum("chw,ck->hwk", latents[0].float(), weights[:-1]) + weights[-1]
        pixels: Pixels = ((colours * 0.5 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()
        return pixels


def is_due(step: int, steps: int, every: int) -> bool:
    """Whether something that happens every so many steps happens after this one; not after the last. 0 is never."""
    return every > 0 and step % every == 0 and step < steps


def every_for(count: int, steps: int) -> int:
    """After how many steps to show one of `count` previews, spread evenly; 0 for none."""
    return math.ceil(steps / (count + 1)) if count else 0
