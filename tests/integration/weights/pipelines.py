"""Diffusers pipelines as repositories of the stand-in hub: in two precisions, in parts, with what must stay behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.integration.weights.conftest import Hub

PUBLISHED = ["license:openrail++", "diffusers:Any"]


def publish(pipeline: Any, folder: Path, hub: Hub, *, half: bool = True, parts: bool = False) -> None:
    """Save a pipeline as its makers would, and put it on the hub.

    Args:
        pipeline: A loaded one.
        folder: An empty one.
        hub: Where to.
        half: Whether half-precision files lie beside the others.
        parts: Whether weights come in several files with an index.
    """
    size = "40KB" if parts else "10GB"
    pipeline.save_pretrained(folder, max_shard_size=size)
    if half:
        pipeline.save_pretrained(folder, variant="fp16", max_shard_size=size)
    for junk in ("unet/diffusion_pytorch_model.bin", "whole.ckpt", "whole.safetensors", "README.md"):
        (folder / junk).parent.mkdir(exist_ok=True)
        (folder / junk).write_bytes(b"junk")
    (folder / "LICENSE.md").write_text("The licence.")
    _add_safety_checker(folder)
    hub.files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    hub.large = {name for name in hub.files if name.endswith((".safetensors", ".bin", ".ckpt"))}
    hub.tags, hub.pipeline = PUBLISHED, "text-to-image"


def _add_safety_checker(folder: Path) -> None:
    path = folder / "model_index.json"
    index = json.loads(path.read_text())
    index["safety_checker"] = ["stable_diffusion", "StableDiffusionSafetyChecker"]
    index["feature_extractor"] = ["transformers", "CLIPImageProcessor"]
    path.write_text(json.dumps(index))
    (folder / "safety_checker").mkdir()
    (folder / "safety_checker" / "model.safetensors").write_bytes(b"junk")
