from __future__ import annotations

import numpy as np
import torch

from ekiben.diffusion.latent_space import LatentSpace
from tests.unit.diffusion.making import NEVER_DIFFERENT_DB, SIDE, psnr, source
from tests.unit.diffusion.tiny_pipelines import autoencoder

_GENERATOR = torch.Generator()


@torch.inference_mode()
def test_several_pictures_decode_as_each_alone() -> None:
    space = LatentSpace(autoencoder(0))
    latents = torch.randn(3, 4, 8, 8, generator=_GENERATOR.manual_seed(0))
    together = space.decode(latents)
    alone = [space.decode(one[None])[0] for one in latents]
    assert all(psnr(one, other) >= NEVER_DIFFERENT_DB for one, other in zip(together, alone, strict=True))


@torch.inference_mode()
def test_only_large_pictures_are_tiled() -> None:
    vae = autoencoder(0, sample_size=32)
    space = LatentSpace(vae, tile_above_pixels=32 * 32)
    small, large = torch.zeros(1, 4, 16, 16), torch.zeros(1, 4, 48, 48)
    assert space.decode(small)[0].shape == (32, 32, 3)
    assert not vae.use_tiling
    assert space.decode(large)[0].shape == (96, 96, 3)
    assert vae.use_tiling
    space.decode(small)
    assert not vae.use_tiling


@torch.inference_mode()
def test_what_is_standardised_when_encoding_is_undone_when_decoding() -> None:
    vae = autoencoder(0, latents_mean=[0.1, -0.2, 0.3, 0.0], latents_std=[1.0, 2.0, 0.5, 1.5], scaling_factor=0.13)
    plain = autoencoder(0, scaling_factor=1.0)
    picture = LatentSpace(vae).image(source().pixels, SIDE, SIDE)
    one, other = LatentSpace(vae), LatentSpace(plain)
    assert psnr(one.decode(one.most_likely(picture))[0], other.decode(other.most_likely(picture))[0]) >= 50


@torch.inference_mode()
def test_encoding_draws_from_its_generator_alone() -> None:
    space = LatentSpace(autoencoder(0))
    picture = space.image(source().pixels, SIDE, SIDE)
    one, same, other = (space.encode(picture, torch.Generator().manual_seed(s), torch.float32) for s in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_pictures_are_scaled_and_masks_are_black_or_white() -> None:
    space = LatentSpace(autoencoder(0))
    assert space.image(source().pixels, 16, 48).shape == (1, 3, 48, 16)
    grey = np.full((SIDE, SIDE), 100, np.uint8)
    grey[:, :8] = 200
    mask = space.mask(grey, SIDE, SIDE)
    assert sorted(set(mask.flatten().tolist())) == [0.0, 1.0]
