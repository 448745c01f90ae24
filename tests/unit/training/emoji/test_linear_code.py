from __future__ import annotations

import pytest
import torch

from training.emoji.linear_code import CHANNELS, fit
from training.emoji.prepared import Prepared


def test_pictures_come_back_nearly_as_they_were(prepared: Prepared) -> None:
    pictures = prepared.dataset.floats()
    latents = prepared.code.encode(pictures)
    assert latents.shape == (len(pictures), CHANNELS, 16, 16)
    psnr = 10 * torch.log10(4 / (prepared.code.decode(latents) - pictures).square().mean())
    assert psnr > 24


def test_latents_have_deviation_one_and_the_first_say_most(prepared: Prepared) -> None:
    assert prepared.latents.std().item() == pytest.approx(1, abs=0.15)
    deviations = prepared.latents.std((0, 2, 3))
    assert deviations[0] > 2 * deviations[-1]


def test_patches_of_few_components_come_back_exactly() -> None:
    generator = torch.Generator().manual_seed(0)
    basis = torch.randn(CHANNELS, 3, 8, 8, generator=generator)
    weights = torch.randn(50, CHANNELS, generator=generator)
    pictures = torch.einsum("nk,kchw->nchw", weights, basis)
    code = fit(pictures)
    torch.testing.assert_close(code.decode(code.encode(pictures)), pictures, atol=1e-3, rtol=1e-3)
