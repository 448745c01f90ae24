from __future__ import annotations

import numpy as np
import pytest

from ekiben.diffusion.image_quality import (
    PROMPTS,
    SEEDS,
    QualityLimits,
    compared,
    gate_requests,
    psnr_db,
    ssim,
)
from ekiben.diffusion.request import Pixels
from tests.unit.diffusion.making import request


def _picture(seed: int = 0) -> Pixels:
    rows, columns = np.mgrid[0:48, 0:48]
    waves = 128 + 60 * np.sin(rows / 5 + seed) + 40 * np.cos(columns / 7)
    return np.repeat(waves[:, :, None], 3, axis=2).astype(np.uint8)


def _noisy(picture: Pixels, amount: float) -> Pixels:
    noise = np.random.default_rng(0).normal(0, amount, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def test_equal_pictures() -> None:
    assert psnr_db(_picture(), _picture()) == float("inf")
    assert ssim(_picture(), _picture()) == pytest.approx(1.0)


def test_more_noise_is_less_like() -> None:
    little, much = _noisy(_picture(), 2), _noisy(_picture(), 30)
    assert psnr_db(_picture(), little) > 40 > 20 > psnr_db(_picture(), much)
    assert ssim(_picture(), little) > 0.9 > 0.6 > ssim(_picture(), much)


def test_a_brighter_picture_has_the_same_structure() -> None:
    brighter = np.clip(_picture().astype(int) + 20, 0, 255).astype(np.uint8)
    assert ssim(_picture(), brighter) > 0.9 > 0.5 > ssim(_picture(), _noisy(np.full_like(_picture(), 128), 40))


def test_the_verdict_looks_at_the_worst_picture_too() -> None:
    pictures = [_picture(seed) for seed in range(8)]
    assert compared(pictures, pictures, QualityLimits()).passed
    one_broken = [*pictures[:-1], _noisy(np.full_like(_picture(), 128), 80)]
    verdict = compared(pictures, one_broken, QualityLimits())
    assert verdict.mean_ssim >= 0.85
    assert verdict.least_ssim < 0.6
    assert not verdict.passed


def test_the_fixed_set_has_every_prompt_with_every_seed() -> None:
    found = gate_requests(request(steps=2))
    assert {(one.prompt, one.seed) for one in found} == {(text, seed) for text in PROMPTS for seed in SEEDS}
    assert {one.steps for one in found} == {2}
