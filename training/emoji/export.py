"""Two training runs as one folder that `StableDiffusionPipeline.from_pretrained` reads, in half precision."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline

from training.emoji.network import make_scheduler
from training.emoji.prepared import Prepared
from training.emoji.state import Run
from training.emoji.tokenizer import read_tokenizer


def make_pipeline(denoiser: Run, autoencoder: Run, prepared: Prepared) -> StableDiffusionPipeline:
    """The pipeline of the averaged weights, in float32; the runs cannot be trained on from there.

    Args:
        denoiser: Modules `unet` and `text`.
        autoencoder: Module `vae`.
        prepared: For its tokenizer.
    """
    denoiser.use_averages()
    autoencoder.use_averages()
    pipeline = StableDiffusionPipeline(
        vae=autoencoder.modules["vae"].eval(),
        text_encoder=denoiser.modules["text"].eval(),
        tokenizer=read_tokenizer(prepared.tokenizer),
        unet=denoiser.modules["unet"].eval(),
        scheduler=make_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def export(pipeline: StableDiffusionPipeline, folder: Path) -> int:
    """Write a pipeline in float16; returns the bytes of its weights."""
    pipeline.to(torch.float16).save_pretrained(folder, safe_serialization=True)
    pipeline.to(torch.float32)
    return sum(file.stat().st_size for file in folder.rglob("*.safetensors"))


def load(folder: Path) -> StableDiffusionPipeline:
    """An exported pipeline, computing in float32 on the CPU."""
    pipeline = StableDiffusionPipeline.from_pretrained(
        folder, torch_dtype=torch.float32, use_safetensors=True, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
