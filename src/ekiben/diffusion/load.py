"""A folder of weights, as diffusers saves a pipeline, to a loaded family. Nothing in the folder is ever executed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import diffusers
import torch
import transformers
from safetensors import SafetensorError

from ekiben.cards.images import Levers
from ekiben.diffusion.families import FAMILIES, family_of
from ekiben.diffusion.family import Family, Pipeline
from ekiben.diffusion.latent_space import LatentSpace
from ekiben.diffusion.levers import place, speed_up
from ekiben.errors import WeightsError

DTYPES: Final = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
"""A card's precision as torch says it."""

_INDEX = "model_index.json"
_LIBRARIES = {"diffusers", "transformers"}
_MAY_EXECUTE = {".bin", ".ckpt", ".pkl", ".pickle", ".pt", ".pth", ".py"}
# Of no use here: moderation is a service of its own.
_LEFT_OUT = ("safety_checker", "feature_extractor", "image_encoder")


def load_family(
    folder: Path,
    *,
    dtype: torch.dtype,
    device: str,
    adapters: Mapping[str, Path] | None = None,
    levers: Levers | None = None,
) -> Family:
    """Load a model once for one device.

    Args:
        folder: `model_index.json` and a folder of safetensors for each component.
        dtype: What denoiser and text encoders compute in. An autoencoder that overflows in float16 stays in float32.
        device: `cpu`, `cuda` or `cuda:<index>`.
        adapters: Files of low-rank adapters (safetensors), by the name that requests use.
        levers: Ways to compute faster or in less memory; none unless given.

    Raises:
        WeightsError: Something is missing, is not supported, or may hold code.
        ConfigurationError: This machine cannot do what a lever says.
    """
    index = _read_index(folder)
    pipeline_class = getattr(diffusers, index["_class_name"])
    left_out: dict[str, Any] = {name: None for name in _LEFT_OUT if name in index}
    if "requires_safety_checker" in index:
        left_out["requires_safety_checker"] = False
    # Bars are for people who watch; this is a server's log, where warnings that quote a prompt have no place either.
    for library in (diffusers.utils.logging, transformers.utils.logging):
        library.disable_progress_bar()
        library.set_verbosity_error()
    try:
        pipeline: Pipeline = pipeline_class.from_pretrained(
            folder, dtype=dtype, use_safetensors=True, local_files_only=True, **left_out
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise WeightsError(f"{folder}: {str(error).splitlines()[0]}") from error
    for name, file in (adapters or {}).items():
        _load_adapter(pipeline, name, file)
    pipeline.set_progress_bar_config(disable=True)
    # diffusers asks for it where a pipeline's file says so, and of SDXL's autoencoders, whose default it is.
    if dtype is torch.float16 and _overflows(folder, index):
        pipeline.vae.to(torch.float32)
    return leveraged(pipeline, levers or Levers(), device)


def leveraged(pipeline: Pipeline, levers: Levers, device: str) -> Family:
    """The family of a pipeline, on its device, with the levers pulled; see `ekiben.diffusion.levers`.

    Raises:
        ConfigurationError: This machine cannot do what a lever says.
    """
    place(pipeline, levers, device)
    cache = speed_up(pipeline, levers)
    family = family_of(pipeline)
    family.step_cache = cache
    if levers.vae_tiling:
        family.latents = LatentSpace(pipeline.vae, tile_above_pixels=pipeline.vae.tile_sample_min_size**2)
    if levers.offload != "none":
        # Its parts wait in the CPU's memory; what they are given goes to the device with them.
        family.device = family.latents.device = torch.device(device)
    return family


def _overflows(folder: Path, index: dict[str, Any]) -> bool:
    config = _read_json(folder / "vae" / "config.json")
    return bool(config.get("force_upcast", "XL" in index["_class_name"]))


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path}: not there, or not JSON.") from error


def _load_adapter(pipeline: Pipeline, name: str, file: Path) -> None:
    if file.suffix != ".safetensors":
        raise WeightsError(f"{file}: an adapter must be a safetensors file.")
    try:
        pipeline.load_lora_weights(
            file.parent, weight_name=file.name, adapter_name=name, use_safetensors=True, local_files_only=True
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise WeightsError(f"{file}: {str(error).splitlines()[0]}") from error


def _read_index(folder: Path) -> dict[str, Any]:
    path = folder / _INDEX
    index = _read_json(path)
    if not isinstance(index, dict) or index.get("_class_name") not in FAMILIES:
        raise WeightsError(f"{path}: its class is not one of {', '.join(FAMILIES)}.")
    for name, component in index.items():
        # A component of another library would be imported from the folder itself.
        if name not in _LEFT_OUT and isinstance(component, list) and component[0] not in _LIBRARIES | {None}:
            raise WeightsError(f"{path}: {name} is of {component[0]!r}, not of {' or '.join(sorted(_LIBRARIES))}.")
    unsafe = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.suffix in _MAY_EXECUTE)
    if unsafe:
        raise WeightsError(f"{folder}: {unsafe[0]} may hold code; only safetensors and JSON are read.")
    return index
