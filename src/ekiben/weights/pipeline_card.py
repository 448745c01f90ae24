"""The card of a text-to-image model, from its diffusers pipeline's own files."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ekiben.errors import WeightsError
from ekiben.weights.pipeline_defaults import PipelineDefaults, defaults_of, kinds
from ekiben.weights.pipeline_files import PipelineFiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ekiben.weights.download import Download
    from ekiben.weights.lock import LockedFile
    from ekiben.weights.repository import Repository
    from ekiben.weights.stated_licence import StatedLicence

_BYTES_PER_GIB: Final = 2**30
# Denoiser rows × pixels of one forward: eight pictures of the model's own size with guidance.
_ROWS: Final = 16
_TRANSFORMER_SIDE: Final = 1_024  # Flow transformers do not state the size that they were trained for.


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What a repository says of its pipeline; `side` is the length of the pictures it was trained for, in pixels."""

    files: PipelineFiles
    defaults: PipelineDefaults
    side: int


def read(repository: Repository, download: Download) -> Pipeline:
    """Look at a repository's pipeline.

    Raises:
        WeightsError: It is none, or of a kind that is not supported.
    """
    files = PipelineFiles(repository, download, half=True)
    kind = files.index.get("_class_name")
    name = "unet" if "unet" in files.index else "transformer"
    denoiser = files.config(name)
    defaults = defaults_of(kind, denoiser, files.config("scheduler"))
    if defaults is None:
        raise WeightsError(f"{repository.name} is a {kind}; supported are {', '.join(kinds())}")
    return Pipeline(files, defaults, _side(repository, defaults, denoiser, files))


def files(repository: Repository, pipeline: Pipeline, download: Download) -> dict[str, LockedFile]:
    """Lock the files of the pipeline.

    Raises:
        WeightsError: Some are missing or cannot be had.
    """
    return {name: repository.lock(file, download) for name, file in pipeline.files.names().items()}


def text(
    repository: Repository,
    pipeline: Pipeline,
    locked: Mapping[str, LockedFile],
    licence: StatedLicence,
    version: str,
) -> str:
    """Compose the card."""
    defaults, side = pipeline.defaults, pipeline.side
    weights_bytes = sum(file.digest.size_bytes for name, file in locked.items() if name.endswith(".safetensors"))
    device_bytes = weights_bytes + _ROWS * side**2 * defaults.pixel_bytes
    return _TEMPLATE.format(
        repository=repository.name,
        version=version,
        precision=defaults.precision,
        sources="\n".join(f"    {name}: {file.source}" for name, file in locked.items()),
        licence=licence.lines(code="Apache-2.0"),
        side=side,
        min_side=min(256, side // 2),
        max_side=2 * side,
        max_pixels=2 * side**2,
        multiple=defaults.size_multiple,
        steps=defaults.steps,
        max_steps=defaults.max_steps,
        guidance=defaults.guidance_scale,
        max_guidance=defaults.max_guidance_scale,
        schedulers=", ".join(defaults.schedulers),
        negative="true" if defaults.negative_prompt else "false",
        edits="true" if defaults.edits else "false",
        max_cost=_ROWS * side**2,
        memory_gib=_gib(weights_bytes + 3 * _BYTES_PER_GIB),
        gpu_memory_gib=_gib(device_bytes + _BYTES_PER_GIB),
    )


def _side(
    repository: Repository, defaults: PipelineDefaults, denoiser: Mapping[str, object], files: PipelineFiles
) -> int:
    if defaults.denoiser == "transformer":
        return _TRANSFORMER_SIDE
    sample, levels = denoiser.get("sample_size"), files.config("vae").get("block_out_channels")
    if type(sample) is not int or not isinstance(levels, list):
        raise WeightsError(f"{repository.name}: its configurations do not state the size of its pictures")
    return sample << (len(levels) - 1)


def _gib(size_bytes: float) -> float:
    return math.ceil(size_bytes / _BYTES_PER_GIB * 2) / 2


_TEMPLATE: Final = """\
# Written by `ekiben models add hf:{repository}` from what the model's own files state.
# Limits, defaults, batch sizes and memory are starting points: measure and adjust them.
runtime: diffusers
description: Pictures from text by {repository}.
version: {version}
precision: {precision}

source:
  files:
{sources}

licence:
{licence}

images:
  default_size: [{side}, {side}]
  min_side: {min_side}
  max_side: {max_side}
  max_pixels: {max_pixels}
  size_multiple: {multiple}
  default_steps: {steps}
  max_steps: {max_steps}
  default_guidance_scale: {guidance}
  max_guidance_scale: {max_guidance}
  schedulers: [{schedulers}]
  negative_prompt: {negative}
  edits: {edits}

inputs:
  max_characters: 4000
  max_pixels: 16777216 # of a source image

batch:
  cost_unit: pixels # of denoiser rows: two for a picture with guidance
  max_cost: {max_cost}
  max_items: 16
  max_queue_items: 64

latency:
  default_timeout_ms: 120000
  max_timeout_ms: 600000

resources:
  cpu: 2
  memory_gib: {memory_gib}
  gpu: 1
  gpu_memory_gib: {gpu_memory_gib}
"""
