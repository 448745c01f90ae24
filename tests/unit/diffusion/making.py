"""Pictures from the engine and from diffusers' own pipelines, and how far they are apart."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np
import torch
from diffusers import (
    FluxImg2ImgPipeline,
    FluxInpaintPipeline,
    StableDiffusion3Img2ImgPipeline,
    StableDiffusion3InpaintPipeline,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLInpaintPipeline,
)
from PIL import Image

from ekiben.diffusion.engine import Engine
from ekiben.diffusion.families import family_of
from ekiben.diffusion.generation import GeneratedImage, Generation
from ekiben.diffusion.identity import ModelIdentity
from ekiben.diffusion.limits import EngineLimits
from ekiben.diffusion.request import ImageRequest, Pixels, SourceImage
from ekiben.diffusion.schedulers import make_scheduler
from tests.unit.diffusion import tiny_pipelines

SIDE = 32
IDENTITY = ModelIdentity(name="tiny", version="1.0.0", digest="0" * 64)
LIMITS = EngineLimits(max_cost=64 * SIDE * SIDE, max_open=64)
NEVER_DIFFERENT_DB = 50.0

PIPELINES: dict[str, Callable[[], Any]] = {
    "sd": tiny_pipelines.stable_diffusion,
    "sd2.1": tiny_pipelines.stable_diffusion_2,
    "lcm": tiny_pipelines.latent_consistency,
    "lcm-own": tiny_pipelines.latent_consistency_pipeline,
    "sdxl": tiny_pipelines.sdxl,
    "sdxl-empty-prompt": lambda: tiny_pipelines.sdxl(force_zeros=False),
    "sdxl-turbo": tiny_pipelines.sdxl_turbo,
    "sd3": tiny_pipelines.sd3,
    "sd3.5": lambda: tiny_pipelines.sd3(dynamic=True, shift_factor=0.0),
    "flux-schnell": tiny_pipelines.flux,
    "flux-dev": lambda: tiny_pipelines.flux(guidance=True),
}
_OTHERS: dict[str, Callable[[], Any]] = {"sd-inpainting": tiny_pipelines.inpainting}
_FROM_IMAGE = {
    "StableDiffusionPipeline": (StableDiffusionImg2ImgPipeline, StableDiffusionInpaintPipeline),
    "StableDiffusionXLPipeline": (StableDiffusionXLImg2ImgPipeline, StableDiffusionXLInpaintPipeline),
    "StableDiffusion3Pipeline": (StableDiffusion3Img2ImgPipeline, StableDiffusion3InpaintPipeline),
    "FluxPipeline": (FluxImg2ImgPipeline, FluxInpaintPipeline),
}


@cache
def pipeline(name: str) -> Any:
    """One of `PIPELINES` or of the others, made once."""
    return (PIPELINES | _OTHERS)[name]()


def engine(name: str, **arguments: Any) -> Engine:
    """A fresh engine on one of `PIPELINES`."""
    return Engine(family_of(pipeline(name)), IDENTITY, **({"limits": LIMITS} | arguments))


def request(**changes: Any) -> ImageRequest:
    """A valid request; `changes` replace its fields."""
    fields: dict[str, Any] = {
        "prompt": "a b c",
        "width": SIDE,
        "height": SIDE,
        "steps": 4,
        "guidance_scale": 5.0,
        "seed": 7,
    }
    return ImageRequest(**(fields | changes))


def company(**changes: Any) -> list[ImageRequest]:
    """Seven requests of different steps, seeds, guidance and prompts."""
    return [
        request(prompt=f"x {i}", steps=3 + i, seed=i, guidance_scale=(0.0, 3.0, 7.5)[i % 3], **changes)
        for i in range(7)
    ]


def finish(engine: Engine) -> int:
    """Step until nothing is left; returns how many steps that took."""
    steps = 0
    while engine.step():
        steps += 1
    return steps


def made(engine: Engine, requests: Iterable[ImageRequest]) -> list[GeneratedImage]:
    """The pictures of some requests that were submitted together."""
    generations = [engine.submit(one) for one in requests]
    finish(engine)
    return [image(generation) for generation in generations]


def image(generation: Generation) -> GeneratedImage:
    """The picture of a finished request."""
    return generation.result(timeout_s=0)


@cache
def source(*, masked: bool = False) -> SourceImage:
    """A picture with structure, and a mask over its left half."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    pixels = np.stack([rows * 7, columns * 7, (rows + columns) * 4], axis=-1).astype(np.uint8)
    mask = np.where(columns < SIDE // 2, 255, 0).astype(np.uint8)
    return SourceImage(pixels, mask if masked else None)


@cache
def pipeline_image(name: str, request: ImageRequest, source: SourceImage | None = None) -> Pixels:
    """The same picture by the pipeline's own call."""
    pipe = pipeline(name)
    arguments: dict[str, Any] = {
        "prompt": request.prompt,
        "num_inference_steps": request.steps,
        "guidance_scale": request.guidance_scale,
        "generator": torch.Generator("cpu").manual_seed(request.seed),
        "output_type": "np",
    }
    if request.negative_prompt is not None and "negative_prompt" in inspect.signature(pipe.__call__).parameters:
        arguments["negative_prompt"] = request.negative_prompt
    components = dict(pipe.components)
    components["scheduler"] = make_scheduler(pipe.scheduler, request.scheduler)
    kind = type(pipe)
    if source is not None:
        kind = _FROM_IMAGE[kind.__name__][source.mask is not None]
        arguments |= {"image": Image.fromarray(source.pixels), "strength": request.strength}
    if source is not None and source.mask is not None:
        arguments["mask_image"] = Image.fromarray(source.mask)
    if source is None or source.mask is not None or name.startswith(("flux", "sd3")):
        arguments |= {"width": request.width, "height": request.height}
    own = kind(**components, **_settings(pipe, kind))
    own.set_progress_bar_config(disable=True)
    picture = own(**arguments).images[0]
    pixels: Pixels = (picture * 255).round().astype(np.uint8)
    return pixels


def psnr(one: Pixels, other: Pixels) -> float:
    """Likeness of two pictures in dB; infinite if they are equal."""
    error = np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def _settings(pipe: Any, kind: Any) -> dict[str, Any]:
    if "XL" in kind.__name__:
        return {"force_zeros_for_empty_prompt": pipe.config.force_zeros_for_empty_prompt, "add_watermarker": False}
    if kind.__name__.startswith(("StableDiffusionPipeline", "StableDiffusionI", "LatentConsistency")):
        return {"requires_safety_checker": False}
    return {}
