"""Every lever alone, and those together that go together: images a second, and how like the pictures stay.

On a GPU with models of SD 1.5's and SDXL's size; without one with a small model, to see that it works.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from benchmarks.harness.report import Report
from benchmarks.text_to_image import engine
from benchmarks.text_to_image.devices import on_gpu, settle_device
from benchmarks.text_to_image.random_pipelines import SD1, SDXL, SMALL, TINY, Subject
from benchmarks.text_to_image.workload import asks
from ekiben.cards.images import Levers, StepCache
from ekiben.cards.levers import lever_fault
from ekiben.diffusion import ImageRequest, load_family
from ekiben.diffusion.family import Family
from ekiben.diffusion.image_quality import QualityLimits, QualityVerdict, compared, gate_requests
from ekiben.diffusion.request import Pixels
from ekiben.errors import ConfigurationError

_CALLERS = 8
_DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


class Setting(NamedTuple):
    """Levers under a name."""

    name: str
    precision: str
    levers: Levers


class Measured(NamedTuple):
    """One setting of one model; `refused` says why there is nothing else."""

    setting: Setting
    per_second: float = 0.0
    verdict: QualityVerdict | None = None
    refused: str = ""


def settings(half: str) -> list[Setting]:
    """The plain one first; `half` is the precision of the others."""
    alone: dict[str, Levers] = {
        "plain attention": Levers(attention="plain"),
        "channels-last": Levers(channels_last=True),
        "fused projections": Levers(fuse_projections=True),
        "compile": Levers(compile="regional"),
        "CUDA graphs": Levers(cuda_graphs=True),
        "int8 weights": Levers(quantization="int8-weight"),
        "int8 dynamic": Levers(quantization="int8-dynamic"),
        "fp8 weights": Levers(quantization="fp8-weight"),
        "fp8 dynamic": Levers(quantization="fp8-dynamic"),
        "step cache": Levers(step_cache=StepCache(threshold=0.1)),
        "VAE slicing": Levers(vae_slicing=True),
        "VAE tiling": Levers(vae_tiling=True),
        "offload by model": Levers(offload="model"),
        "all without loss": Levers(channels_last=True, fuse_projections=True, compile="regional", cuda_graphs=True),
        "all, int8 dynamic": Levers(
            channels_last=True, fuse_projections=True, compile="regional", quantization="int8-dynamic"
        ),
        "all, fp8 dynamic, step cache": Levers(
            channels_last=True, compile="regional", quantization="fp8-dynamic", step_cache=StepCache(threshold=0.1)
        ),
    }
    precisions = [Setting("fp32", "fp32", Levers()), Setting("bf16", "bf16", Levers())]
    if on_gpu():
        precisions.append(Setting("fp16", "fp16", Levers()))
    return [*precisions, *(Setting(name, half, levers) for name, levers in alone.items())]


def run(*, quick: bool) -> Report:
    """Measure and report."""
    device = settle_device()
    subjects = [TINY] if quick else [SD1, SDXL] if on_gpu() else [SMALL]
    half = "bf16" if on_gpu() else "fp32"
    report = Report("text_to_image_levers", "Text to image: every lever alone, and together", quick)
    for subject in subjects:
        with engine.saved(subject) as folder:
            plain = _drawn(load_family(folder, dtype=torch.float32, device=device), subject)
            trial = _Trial(subject, folder, device, plain, pictures=4 if quick else 32)
            found = [_measured(trial, one) for one in settings(half)]
        report.table(subject.name, ("lever", "precision", "images/s", "PSNR dB", "SSIM (least)", "gate"), _rows(found))
    report.text(
        f"{_CALLERS} callers, in process; likeness against fp32 with no lever, over the fixed prompts and seeds of"
        " the image-quality gate. Random weights: speed is that of a trained model, likeness is not."
    )
    return report


class _Trial(NamedTuple):
    """What is the same for every setting; `plain` are the pictures to be like."""

    subject: Subject
    folder: Path
    device: str
    plain: list[Pixels]
    pictures: int


def _measured(trial: _Trial, setting: Setting) -> Measured:
    subject = trial.subject
    fault = lever_fault(setting.levers, setting.precision, has_gpu=on_gpu(), has_adapters=False)
    if fault:
        return Measured(setting, refused=fault)
    try:
        family = load_family(trial.folder, dtype=_DTYPES[setting.precision], device=trial.device, levers=setting.levers)
    except ConfigurationError as error:
        return Measured(setting, refused=error.message)
    wanted = engine.requests_of(asks(subject, trial.pictures))
    drawn = _drawn(family, subject)
    speed = engine.speed(family, 2 * _CALLERS, subject.side, wanted, _CALLERS)
    return Measured(setting, speed, compared(trial.plain, drawn, QualityLimits()))


def _drawn(family: Family, subject: Subject) -> list[Pixels]:
    template = ImageRequest(
        prompt="", width=subject.side, height=subject.side, steps=10, guidance_scale=subject.guidance_scale, seed=0
    )
    return engine.pictures(engine.engine_of(family, 2 * _CALLERS, subject.side), gate_requests(template))


def _rows(found: Sequence[Measured]) -> list[tuple[str, ...]]:
    return [_row(one) for one in found]


def _row(one: Measured) -> tuple[str, ...]:
    if one.verdict is None:
        return (one.setting.name, one.setting.precision, "–", "–", "–", f"refused: {one.refused}")
    verdict = one.verdict
    likeness = (f"{verdict.mean_psnr_db:.1f}", f"{verdict.mean_ssim:.3f} ({verdict.least_ssim:.3f})")
    passed = "passed" if verdict.passed else "failed"
    return (one.setting.name, one.setting.precision, f"{one.per_second:.3f}", *likeness, passed)
