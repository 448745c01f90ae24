"""Pictures to latents and back: the variational autoencoder with the model's own scaling."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from diffusers.image_processor import VaeImageProcessor
from PIL import Image
from torch import Generator, Tensor

from ekiben.diffusion.request import Pixels

_TILE_ABOVE_PIXELS = 2_048 * 2_048


class LatentSpace:
    """Encodes and decodes for one model.

    Args:
        vae: diffusers' `AutoencoderKL`.
        tile_above_pixels: Pictures with a larger area are decoded in overlapping tiles, which bounds the memory and
            leaves faint differences at the seams.

    Attributes:
        channels: Of a latent picture.
        scale: Pixels of a picture along one latent pixel's side.
        device: Where the autoencoder is.
        dtype: What it computes in; may be more precise than the denoiser.
    """

    def __init__(self, vae: Any, *, tile_above_pixels: int = _TILE_ABOVE_PIXELS) -> None:
        config = vae.config
        self._vae = vae
        self._tile_above_pixels = tile_above_pixels
        self._factor: float = config.scaling_factor
        self._shift: float = getattr(config, "shift_factor", None) or 0.0
        self._mean = _per_channel(getattr(config, "latents_mean", None))
        self._std = _per_channel(getattr(config, "latents_std", None))
        self.channels: int = config.latent_channels
        self.scale: int = 2 ** (len(config.block_out_channels) - 1)
        self.device: torch.device = vae.device
        self.dtype: torch.dtype = vae.dtype
        self._images = VaeImageProcessor(vae_scale_factor=self.scale)
        self._masks = VaeImageProcessor(
            vae_scale_factor=self.scale, do_normalize=False, do_binarize=True, do_convert_grayscale=True
        )

    def shape(self, width: int, height: int) -> tuple[int, int, int, int]:
        """The shape of one picture's latents: [1, channels, rows, columns]."""
        return (1, self.channels, height // self.scale, width // self.scale)

    def image(self, pixels: Pixels, width: int, height: int) -> Tensor:
        """A picture scaled to a size, as float32 [1, 3, height, width] from -1 to 1, on the CPU."""
        scaled: Tensor = self._images.preprocess(Image.fromarray(pixels), height=height, width=width)
        return scaled.to(torch.float32)

    def mask(self, pixels: np.ndarray[Any, np.dtype[np.uint8]], width: int, height: int) -> Tensor:
        """A mask scaled to a size, as [1, 1, height, width] of 0 (stays) and 1 (painted anew), on the CPU."""
        scaled: Tensor = self._masks.preprocess(Image.fromarray(pixels), height=height, width=width)
        return scaled

    def encode(self, image: Tensor, generator: Generator, dtype: torch.dtype) -> Tensor:
        """Sample the latents of one picture, as `image` gives it; draws noise."""
        posterior = self._vae.encode(image.to(self.device, self.dtype)).latent_dist
        latents: Tensor = posterior.sample(generator)
        return self._standardised(latents).to(dtype)

    def most_likely(self, image: Tensor) -> Tensor:
        """The mean of the latents of some pictures [n, 3, height, width]; draws nothing."""
        latents: Tensor = self._vae.encode(image.to(self.device, self.dtype)).latent_dist.mode()
        return self._standardised(latents)

    def decode(self, latents: Tensor) -> list[Pixels]:
        """Decode [n, channels, rows, columns] in one batch; returns a picture each."""
        latents = latents.to(self.device, self.dtype)
        if self._mean is not None and self._std is not None:
            latents = latents * self._std.to(latents) / self._factor + self._mean.to(latents)
        else:
            latents = latents / self._factor + self._shift
        # Both halves of diffusers' switch: it tiles only what is larger than a tile.
        self._vae.use_tiling = latents.shape[-2] * latents.shape[-1] * self.scale**2 > self._tile_above_pixels
        decoded: Tensor = self._vae.decode(latents, return_dict=False)[0]
        pictures = (decoded * 0.5 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).float().cpu().numpy()
        return list((pictures * 255).round().astype(np.uint8))

    def _standardised(self, latents: Tensor) -> Tensor:
        if self._mean is not None and self._std is not None:
            return (latents - self._mean.to(latents)) * self._factor / self._std.to(latents)
        return (latents - self._shift) * self._factor


def _per_channel(values: list[float] | None) -> Tensor | None:
    return None if values is None else torch.tensor(values).view(1, -1, 1, 1)
