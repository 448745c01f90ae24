"""Models that draw, small enough for any machine: random weights, real files, pulled like any others.

Each lies in a folder of cards and a model store of its own; `environment` makes a platform serve from there. The
project's own models are there as well.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from diffusers.utils import logging

from ekiben.settings import load_settings
from tests.e2e.conftest import PROJECT
from tests.unit.diffusion import tiny_pipelines

TINY = "tiny-sd"


@dataclass(frozen=True, slots=True)
class TinyModels:
    """Cards and weights in `folder`."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What `start_platform`, `bare_service` and the command line need to find them."""
        return {"EKIBEN_MODELS_DIR": str(self.folder / "models"), "BENTOML_HOME": str(self.folder / "bentoml")}

    @property
    def pipeline(self) -> Path:
        """The files of `tiny-sd`, as diffusers saved them."""
        return self.folder / TINY

    def add(self, name: str, make: Callable[[], Any] = tiny_pipelines.stable_diffusion, **changes: Any) -> None:
        """Write a pipeline's files, its card (`changes` replace fields of it), and pull it into the store."""
        files = self.folder / name
        logging.disable_progress_bar()
        make().save_pretrained(files, safe_serialization=True)
        content = {**_card(files), **changes}
        (self.folder / "models" / "text-to-image" / f"{name}.yaml").write_text(yaml.safe_dump(content))
        done = subprocess.run(
            [sys.executable, "-c", "from ekiben.cli.main import main; main()", "models", "pull", "--lock", name],
            cwd=PROJECT,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4_000:]


def make_tiny_models(folder: Path, *, beside: str | None = None) -> TinyModels:
    """Cards and a store with the project's own models, and `tiny-sd`; of those that draw only the one `beside` it."""
    cards, store = folder / "models", folder / "bentoml" / "models"
    (cards / "text-to-image").mkdir(parents=True)
    store.mkdir(parents=True)
    for task in (PROJECT / "models").iterdir():
        if task.is_dir() and task.name != "text-to-image":
            (cards / task.name).symlink_to(task)
    if beside:
        shutil.copy(PROJECT / "models" / "text-to-image" / f"{beside}.yaml", cards / "text-to-image")
    shutil.copy(PROJECT / "models" / "weights.lock", cards / "weights.lock")
    for model in (load_settings().bentoml_home.expanduser() / "models").iterdir():
        (store / model.name).symlink_to(model)
    made = TinyModels(folder)
    made.add(TINY)
    return made


def _card(files: Path) -> dict[str, Any]:
    names = sorted(path.relative_to(files).as_posix() for path in files.rglob("*") if path.is_file())
    return {
        "runtime": "diffusers",
        "description": "Draws noise: random weights, for tests.",
        "version": "1.0.0",
        "source": {"files": {name: f"file:{files / name}" for name in names}},
        "licence": {"code": "Apache-2.0", "weights": "Apache-2.0"},
        "precision": "fp32",
        "inputs": {"max_characters": 500},
        "images": {
            "default_size": [64, 64],
            "min_side": 32,
            "max_side": 128,
            "max_pixels": 128 * 128,
            "default_steps": 4,
            "max_steps": 400,
            "default_guidance_scale": 5.0,
            "max_guidance_scale": 20.0,
            "max_images": 4,
            "schedulers": ["ddim", "euler", "euler_ancestral", "dpmpp_2m", "unipc", "pndm"],
        },
        "batch": {"cost_unit": "pixels", "max_cost": 16 * 64 * 64, "max_items": 8, "max_queue_items": 8},
        "resources": {"memory_gib": 1.0},
    }
