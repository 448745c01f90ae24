"""The model that the project brings: its picture is diffusers' own, with every scheduler of its card."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline

from ekiben.cards.catalogue import load_catalogue
from ekiben.diffusion import Engine, EngineLimits, Generation, ImageRequest, ModelIdentity, load_family
from ekiben.diffusion.family import Family
from ekiben.diffusion.image_quality import psnr_db
from ekiben.diffusion.schedulers import SchedulerName, make_scheduler

ROOT = Path(__file__).resolve().parents[3]
NAME = "emoji-128"
FOLDER = ROOT / "models" / "text-to-image" / NAME
_NEVER_DIFFERENT_DB = 50


def _schedulers() -> tuple[str, ...]:
    images = load_catalogue(ROOT / "models").get(NAME).images
    assert images
    return images.schedulers


def _asked(scheduler: str, steps: int, seed: int = 3) -> ImageRequest:
    return ImageRequest(
        prompt="a red apple",
        width=128,
        height=128,
        steps=steps,
        guidance_scale=4.0,
        seed=seed,
        scheduler=SchedulerName(scheduler),
    )


@cache
def _family() -> Family:
    return load_family(FOLDER, dtype=torch.float32, device="cpu")


@cache
def _pipeline() -> Any:
    pipeline = StableDiffusionPipeline.from_pretrained(FOLDER, torch_dtype=torch.float32, use_safetensors=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _drawn(*requests: ImageRequest) -> list[np.ndarray[Any, np.dtype[np.uint8]]]:
    engine = Engine(_family(), ModelIdentity(name=NAME, version="1.0.0"), EngineLimits(32 * 128 * 128, len(requests)))
    generations: list[Generation] = [engine.submit(request) for request in requests]
    while engine.step():
        pass
    return [generation.future.result(timeout=0).pixels for generation in generations]


def _diffusers(request: ImageRequest) -> np.ndarray[Any, np.dtype[np.uint8]]:
    pipeline = _pipeline()
    pipeline.scheduler = make_scheduler(_family().scheduler, request.scheduler)
    (picture,) = pipeline(
        request.prompt,
        height=request.height,
        width=request.width,
        num_inference_steps=request.steps,
        guidance_scale=request.guidance_scale,
        generator=torch.Generator().manual_seed(request.seed),
    ).images
    return np.asarray(picture)


@pytest.mark.parametrize("scheduler", _schedulers())
def test_the_engines_picture_is_diffusers_own(scheduler: str) -> None:
    few, usual = _asked(scheduler, 8), _asked(scheduler, 20)
    for request, pixels in zip((few, usual), _drawn(few, usual), strict=True):
        assert psnr_db(pixels, _diffusers(request)) >= _NEVER_DIFFERENT_DB


def test_the_same_seed_is_the_same_picture_and_another_is_another() -> None:
    (first,), (again,), (other,) = (_drawn(_asked("ddim", 8, seed)) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert psnr_db(first, other) < _NEVER_DIFFERENT_DB
