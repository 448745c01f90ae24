"""Latents without training: the first principal components of patches of 8 × 8 pixels.

Half whitened: a component is divided by the square root of its deviation, so that those which carry the shape stay the
stronger ones, and noise hides them last. The autoencoder is trained towards this code; the denoiser can be trained on
it meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

PATCH = 8
CHANNELS = 12


@dataclass(frozen=True, slots=True)
class LinearCode:
    """Pictures [n, 3, 8r, 8c] from -1 to 1 to latents [n, 12, r, c] of deviation 1, and back.

    Attributes:
        mean: [192], of patches.
        encoder: [12, 192].
        decoder: [192, 12], its pseudo-inverse.
    """

    mean: Tensor
    encoder: Tensor
    decoder: Tensor

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures to latents."""
        patches = functional.pixel_unshuffle(pictures, PATCH).movedim(1, -1)
        return ((patches - self.mean) @ self.encoder.T).movedim(-1, 1).contiguous()

    def decode(self, latents: Tensor) -> Tensor:
        """Latents to pictures, with the patches' borders visible."""
        patches = latents.movedim(1, -1) @ self.decoder.T + self.mean
        return functional.pixel_shuffle(patches.movedim(-1, 1), PATCH)


def fit(pictures: Tensor) -> LinearCode:
    """The code of pictures [n, 3, rows, columns]."""
    patches = functional.pixel_unshuffle(pictures, PATCH).movedim(1, -1).flatten(0, 2)
    mean = patches.mean(0)
    values, vectors = torch.linalg.eigh(torch.cov((patches - mean).T))
    deviations = values[-CHANNELS:].flip(0).sqrt()
    components = vectors[:, -CHANNELS:].flip(1).T
    # The sign of an eigenvector is arbitrary; the same pictures shall give the same code everywhere.
    components = components * components.sum(1, keepdim=True).sign()
    unscaled = components / deviations.sqrt()[:, None]
    scale = deviations.square().div(deviations).mean().sqrt()
    encoder = unscaled / scale
    return LinearCode(mean, encoder, components.T * deviations.sqrt() * scale)
