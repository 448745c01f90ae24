from __future__ import annotations

import numpy as np
import pytest
import torch

from ekiben.diffusion.families import family_of
from ekiben.diffusion.preview import LatentPreview, every_for, is_due
from tests.unit.diffusion.making import PIPELINES, pipeline


class _Averages:
    """A latent space whose first three channels are the colours of blocks of 8 × 8 pixels, mixed and shifted."""

    channels, scale = 4, 8

    def most_likely(self, image: torch.Tensor) -> torch.Tensor:
        colours = torch.nn.functional.avg_pool2d(image, 8)
        mixed = torch.stack([colours[:, 0] * 2, colours[:, 1] - colours[:, 0], colours[:, 2] + 1], dim=1)
        return torch.cat([mixed, torch.zeros_like(mixed[:, :1])], dim=1)


def test_it_finds_the_colours_that_are_there() -> None:
    space = _Averages()
    preview = LatentPreview.fitted(space)  # type: ignore[arg-type]
    picture = torch.zeros(1, 3, 32, 32)
    picture[:, 0, :, :16], picture[:, 2, :16] = 0.8, -0.6
    shown = preview(space.most_likely(picture)).astype(float)
    expected = (torch.nn.functional.avg_pool2d(picture, 8)[0].permute(1, 2, 0).numpy() * 0.5 + 0.5) * 255
    assert np.abs(shown - expected).max() <= 2


@pytest.mark.parametrize("name", PIPELINES)
def test_it_fits_every_autoencoder(name: str) -> None:
    latents = family_of(pipeline(name)).latents
    shown = LatentPreview.fitted(latents)(torch.zeros(1, latents.channels, 8, 6))
    assert shown.shape == (8, 6, 3)
    assert shown.dtype == np.uint8


def test_fitting_is_repeatable() -> None:
    latents, zeros = family_of(pipeline("sd")).latents, torch.ones(1, 4, 2, 2)
    assert np.array_equal(LatentPreview.fitted(latents)(zeros), LatentPreview.fitted(latents)(zeros))


def test_what_is_due_after_which_step() -> None:
    assert [step for step in range(1, 11) if is_due(step, 10, 5)] == [5]
    assert not any(is_due(step, 10, 0) for step in range(1, 11))


@pytest.mark.parametrize(("count", "steps", "shown"), [(0, 20, 0), (3, 20, 3), (1, 4, 1), (3, 4, 3)])
def test_as_many_previews_as_asked_for(count: int, steps: int, shown: int) -> None:
    every = every_for(count, steps)
    assert sum(is_due(step, steps, every) for step in range(1, steps + 1)) == shown
