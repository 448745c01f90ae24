"""diffusers' own pipeline, called as its documentation does; what the peers serve."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import torch
from diffusers import DiffusionPipeline

from benchmarks.text_to_image.workload import Ask, fields


def load(folder: str, threads: int, *, device: str = "cpu", dtype: torch.dtype = torch.float32) -> Any:
    """Load a pipeline and draw once, to be warm."""
    torch.set_num_threads(threads)
    pipeline = DiffusionPipeline.from_pretrained(folder, dtype=dtype, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)


def draw(pipeline: Any, alike: Sequence[Ask]) -> list[Any]:
    """Pictures of equal settings in one call; prompts and seeds may differ."""
    images: list[Any] = pipeline(
        [ask.prompt for ask in alike],
        generator=[torch.Generator("cpu").manual_seed(ask.seed) for ask in alike],
        **fields(alike[0]),
    ).images
    return images


def png(image: Any) -> bytes:
    """As a file."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
