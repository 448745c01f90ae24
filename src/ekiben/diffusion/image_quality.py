"""Whether a lever that changes pictures changes them too much: likeness on a fixed set of prompts and seeds.

The plain model and the levered one draw the same requests; each pair is compared by PSNR and by SSIM (Wang et al.,
2004: windows of a Gaussian, standard deviation 1.5 pixels, on luma).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv2d

from ekiben.diffusion.request import ImageRequest, Pixels

PROMPTS: Final = (
    "a red fox in the snow, photograph",
    "an oil painting of a harbour at night",
    "a portrait of an old sailor, soft light",
    "a cup of coffee on a wooden table, seen from above",
    "a watercolour of mountains behind a lake",
    "a green dragon reading a book, illustration",
    "the word OPEN on a shop window",
    "a crowded street market in the rain",
)
SEEDS: Final = (0, 1)

_WINDOW: Final = 11
_SIGMA: Final = 1.5
_LUMA: Final = (0.299, 0.587, 0.114)
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """What a levered picture must reach.

    Attributes:
        mean_psnr_db: On average over all pictures.
        mean_ssim: On average.
        least_ssim: Of the picture that is furthest off.
    """

    mean_psnr_db: float = 25.0
    mean_ssim: float = 0.85
    least_ssim: float = 0.60


@dataclass(frozen=True, slots=True)
class QualityVerdict:
    """How like the pictures are; infinite PSNR for equal ones is counted as 100 dB."""

    mean_psnr_db: float
    mean_ssim: float
    least_ssim: float
    passed: bool


def gate_requests(template: ImageRequest) -> list[ImageRequest]:
    """The fixed set: every prompt with every seed, else as the template."""
    return [template.model_copy(update={"prompt": text, "seed": seed}) for text in PROMPTS for seed in SEEDS]


def compared(plain: Sequence[Pixels], levered: Sequence[Pixels], limits: QualityLimits | None = None) -> QualityVerdict:
    """Compare pictures pair by pair."""
    limits = limits or QualityLimits()
    pairs = list(zip(plain, levered, strict=True))
    likeness = [min(psnr_db(one, other), 100.0) for one, other in pairs]
    structure = [ssim(one, other) for one, other in pairs]
    mean_psnr_db, mean_ssim, least_ssim = fmean(likeness), fmean(structure), min(structure)
    passed = mean_psnr_db >= limits.mean_psnr_db and mean_ssim >= limits.mean_ssim and least_ssim >= limits.least_ssim
    return QualityVerdict(mean_psnr_db, mean_ssim, least_ssim, passed)


def psnr_db(one: Pixels, other: Pixels) -> float:
    """Peak signal-to-noise ratio; infinite for equal pictures."""
    error = float(np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2))
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def ssim(one: Pixels, other: Pixels) -> float:
    """Structural similarity of two pictures of at least 11 pixels a side: 1 for equal ones, about 0 for unrelated."""
    x, y = _luma(one), _luma(other)
    mean_x, mean_y = _blurred(x), _blurred(y)
    var_x = _blurred(x * x) - mean_x**2
    var_y = _blurred(y * y) - mean_y**2
    covariance = _blurred(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    structure = (2 * covariance + _C2) / (var_x + var_y + _C2)
    return float((luminance * structure).mean())


def _luma(pixels: Pixels) -> Tensor:
    """[1, 1, height, width], from 0 to 255."""
    weights = torch.tensor(_LUMA, dtype=torch.float64)
    return (torch.from_numpy(pixels.copy()).to(torch.float64) @ weights)[None, None]


def _blurred(values: Tensor) -> Tensor:
    places = torch.arange(_WINDOW, dtype=torch.float64) - _WINDOW // 2
    line = torch.exp(-(places**2) / (2 * _SIGMA**2))
    line = line / line.sum()
    return conv2d(conv2d(values, line.view(1, 1, -1, 1)), line.view(1, 1, 1, -1))
