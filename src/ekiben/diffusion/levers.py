"""The card's levers, pulled on a pipeline while it is loaded.

    before it is on its device   projections fused, memory format, attention
    moving it there              or hooks that move its parts when they compute (offload)
    on its device                linear layers quantized, blocks gated (step cache), blocks compiled, forwards recorded

Each works on diffusers' own modules; what families compute does not change.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any, Final

import torch

from ekiben.cards.images import Levers
from ekiben.diffusion.attention import with_plain_attention
from ekiben.diffusion.cuda_graphs import RecordedForward
from ekiben.diffusion.family import Pipeline
from ekiben.diffusion.quantization import quantize
from ekiben.diffusion.step_cache import StepCache, install_step_cache
from ekiben.errors import ConfigurationError

# Of models for which diffusers does not say which of their blocks repeat.
_REPEATED_BLOCKS: Final = ("JointTransformerBlock",)
_RECOMPILATIONS: Final = 64
_COMPILERS: Final = ("g++", "clang++", "c++")


def place(pipeline: Pipeline, levers: Levers, device: str) -> None:
    """Bring a pipeline to its device, changed as the levers say.

    Args:
        pipeline: Loaded, on the CPU, adapters included.
        levers: The card's.
        device: `cpu`, `cuda` or `cuda:<index>`.

    Raises:
        ConfigurationError: This machine cannot do what a lever says.
    """
    denoiser = denoiser_of(pipeline)
    if levers.fuse_projections:
        denoiser.fuse_qkv_projections()
    if levers.channels_last:
        denoiser.to(memory_format=torch.channels_last)
        pipeline.vae.to(memory_format=torch.channels_last)
    if levers.attention == "plain":
        denoiser.forward = with_plain_attention(denoiser.forward)
    pipeline.vae.use_slicing = levers.vae_slicing
    _move(pipeline, levers, device)


def speed_up(pipeline: Pipeline, levers: Levers) -> StepCache | None:
    """Pull the levers that need the model on its device; returns the step cache that was installed.

    Raises:
        ConfigurationError: This machine or this model cannot do what a lever says.
    """
    denoiser = denoiser_of(pipeline)
    cache = None
    if levers.step_cache is not None:
        cache = StepCache(levers.step_cache.threshold, levers.step_cache.warm_up_steps)
        install_step_cache(denoiser, cache)
    if levers.compile == "regional":
        _compile(denoiser)
    if levers.cuda_graphs:
        denoiser.forward = RecordedForward(denoiser.forward)
    return cache


def denoiser_of(pipeline: Pipeline) -> Any:
    """The UNet or the transformer."""
    return pipeline.unet if hasattr(pipeline, "unet") else pipeline.transformer


def _move(pipeline: Pipeline, levers: Levers, device: str) -> None:
    if levers.quantization != "none":
        # Layer by layer, so that the whole of it is never on the device unquantized.
        quantize(denoiser_of(pipeline), levers.quantization, device=device if levers.offload == "none" else None)
    offload: dict[str, Callable[..., None]] = {
        "model": pipeline.enable_model_cpu_offload,
        "sequential": pipeline.enable_sequential_cpu_offload,
    }
    if levers.offload in offload:
        offload[levers.offload](device=device)
    else:
        pipeline.to(device)


def _compile(denoiser: Any) -> None:
    if not any(shutil.which(compiler) for compiler in _COMPILERS):
        raise ConfigurationError(
            f"levers.compile needs a C++ compiler, one of {', '.join(_COMPILERS)}; install one, or turn it off"
        )
    repeated = getattr(denoiser, "_repeated_blocks", None) or _REPEATED_BLOCKS
    for module in denoiser.modules():
        if type(module).__name__ in repeated:
            # One block's code serves several widths, and each of them one row, some rows and many. The limit goes with
            # the block: torch's own setting is each thread's, and blocks are compiled where they run first.
            module.compile(fullgraph=True, recompile_limit=_RECOMPILATIONS)
