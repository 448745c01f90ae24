"""A machine that is said to have two GPUs: who is placed where, what each worker sees, what does not fit."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.e2e.conftest import PROJECT, start_platform

EMBEDDER, CLASSIFIER = "all-minilm-l6-v2", "efficientnet-lite0"


def cards_on_gpus(folder: Path, needs_gib: dict[str, float]) -> Path:
    """The project's cards, changed to ask for a GPU with so much memory each."""
    models = folder / "models"
    shutil.copytree(PROJECT / "models", models)
    for path in models.glob("*/*.yaml"):
        if path.stem in needs_gib:
            card = yaml.safe_load(path.read_text())
            card["resources"] |= {"gpu": 1, "gpu_memory_gib": needs_gib[path.stem]}
            path.write_text(yaml.safe_dump(card))
    return models


def states(run_dir: Path, model: str) -> list[dict[str, Any]]:
    """What each worker of the model says of itself."""
    found = []
    for socket in run_dir.glob(f"{model}.*.sock"):
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket))) as client:
            found.append(client.get("http://worker/state").json())
    return found


def test_workers_are_placed_as_planned_and_see_exactly_their_gpu(tmp_path: Path) -> None:
    models = cards_on_gpus(tmp_path, {EMBEDDER: 12.0, CLASSIFIER: 10.0})
    platform = start_platform(
        tmp_path, "--only", EMBEDDER, "--only", CLASSIFIER, EKIBEN_GPUS="24,24", EKIBEN_MODELS_DIR=str(models)
    )
    try:
        platform.wait_until_ready()
        plan = platform.log.read_text()
        assert "cuda:0 22.0 of 24.0 GiB" in " ".join(plan.split())
        # The larger goes first: its two workers to a GPU each; then the other, to the first with as much room.
        assert [(state["device"], state["visible_devices"]) for state in states(platform.run_dir, CLASSIFIER)] == [
            ("cuda:0", ["0"])
        ]
        seen = sorted((state["device"], *state["visible_devices"]) for state in states(platform.run_dir, EMBEDDER))
        assert seen == [("cuda:0", "0"), ("cuda:1", "1")]
        report = httpx.get(f"{platform.base_url}/health").json()
        devices = {part["name"]: part["devices"] for part in report["components"] if part["kind"] == "model"}
        assert devices == {EMBEDDER: ["cuda:0", "cuda:1"], CLASSIFIER: ["cuda:0"]}
    finally:
        assert platform.stop() == 0


def test_overcommit_is_refused_with_the_numbers(tmp_path: Path) -> None:
    models = cards_on_gpus(tmp_path, {EMBEDDER: 16.0, CLASSIFIER: 10.0})
    platform = start_platform(
        tmp_path, "--only", EMBEDDER, "--only", CLASSIFIER, EKIBEN_GPUS="24,24", EKIBEN_MODELS_DIR=str(models)
    )
    assert platform.process.wait(60) == 1
    said = " ".join(platform.log.read_text().split())
    assert "worker 1 of 1 of efficientnet-lite0 needs 10 GiB" in said
    assert "cuda:0 (stated by EKIBEN_GPUS) 8.0 of 24.0, cuda:1 (stated by EKIBEN_GPUS) 8.0 of 24.0" in said
