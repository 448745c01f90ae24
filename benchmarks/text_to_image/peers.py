"""The servers compared, all over HTTP and all with the same pipeline, which is made for the run."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from benchmarks.harness.machine import CORES
from benchmarks.harness.processes import ROOT, Command
from benchmarks.text_to_image import workload
from benchmarks.text_to_image.random_pipelines import Subject
from benchmarks.text_to_image.workload import MODEL, STEPS, Form
from ekiben.cards.images import Levers
from ekiben.settings import child_environment

_NO_LEVERS = Levers()
_EKIBEN = str(Path(sys.executable).with_name("ekiben"))


class Peer(NamedTuple):
    """A server, and how it is asked."""

    command: Command
    form: Form


class Published(NamedTuple):
    """A model that was made for the run.

    Attributes:
        pipeline: Its folder, as diffusers saves it.
        environment: With which Ekiben finds its card and its weights.
    """

    pipeline: Path
    environment: Mapping[str, str]


@contextlib.contextmanager
def published(
    subject: Subject, *, rows: int, precision: str = "fp32", gpu_memory_gib: int = 0, levers: Levers = _NO_LEVERS
) -> Iterator[Published]:
    """Save a subject's pipeline, write its card and pull it into a store of its own.

    Args:
        subject: The model.
        rows: Denoiser rows that the card lets share a forward.
        precision: What it is served in.
        gpu_memory_gib: What it claims of a GPU; 0: it is served on the CPU.
        levers: Ways to compute faster.
    """
    with tempfile.TemporaryDirectory(prefix="ekiben-bench-") as folder:
        root = Path(folder)
        pipeline = root / "pipeline"
        subject.make().save_pretrained(pipeline)
        card = root / "models" / "text-to-image" / f"{MODEL}.yaml"
        card.parent.mkdir(parents=True)
        card.write_text(_card(subject, pipeline, rows, precision, gpu_memory_gib, levers), "utf-8")
        environment = {"EKIBEN_MODELS_DIR": str(root / "models"), "BENTOML_HOME": str(root / "bentoml")}
        subprocess.run(
            [_EKIBEN, "models", "pull", "--lock", MODEL],
            env={**child_environment(), **environment},
            check=True,
            capture_output=True,
        )
        yield Published(pipeline, environment)


def ekiben(model: Published) -> Peer:
    """Ekiben's gateway and one worker; a run pauses it, which it must not take for a loss."""
    environment = {**model.environment, "EKIBEN_PORT": "{port}", "EKIBEN_RESPAWN_TIMEOUT_S": "3600"}
    command = Command("ekiben", [_EKIBEN, "serve", "--only", MODEL], environment, "/readyz")
    return Peer(command, Form(workload.openai_request, workload.openai_picture))


def serial(model: Published) -> Peer:
    """The pipeline behind a lock."""
    arguments = ["benchmarks.peers.image_lock_app:app", "--port", "{port}", "--log-level", "warning"]
    command = Command(
        "serial",
        [sys.executable, "-m", "uvicorn", *arguments],
        {"PEER_PIPELINE": str(model.pipeline), "PYTHONPATH": str(ROOT)},
        "/ready",
    )
    return Peer(command, Form(workload.plain_request, workload.plain_picture))


def bentoml(model: Published) -> Peer:
    """BentoML's adaptive batching of equal settings."""
    program = str(Path(sys.executable).with_name("bentoml"))
    service = "benchmarks.peers.image_bentoml_service:Batched"
    command = Command(
        "bentoml",
        [program, "serve", service, "--host", "127.0.0.1", "--port", "{port}"],
        {"PEER_PIPELINE": str(model.pipeline), "PYTHONPATH": str(ROOT), "BENTOML_DO_NOT_TRACK": "True"},
        "/readyz",
    )
    return Peer(command, Form(workload.batched_request, workload.batched_picture))


def _card(subject: Subject, pipeline: Path, rows: int, precision: str, gpu_memory_gib: int, levers: Levers) -> str:
    names = sorted(path.relative_to(pipeline).as_posix() for path in pipeline.rglob("*") if path.is_file())
    files = "\n".join(f"    {name}: file:{pipeline}/{name}" for name in names)
    gpu = f"  gpu: 1\n  gpu_memory_gib: {gpu_memory_gib}\n" if gpu_memory_gib else ""
    return f"""\
runtime: diffusers
description: {subject.name}.
version: 1.0.0
precision: {precision}
levers: {levers.model_dump_json(exclude_none=True)}
source:
  files:
{files}
licence: {{code: Apache-2.0, weights: Apache-2.0}}
images:
  default_size: [{subject.side}, {subject.side}]
  min_side: {min(64, subject.side)}
  max_side: {subject.side}
  max_pixels: {subject.side**2}
  default_steps: {subject.steps}
  max_steps: {STEPS[-1]}
  default_guidance_scale: {subject.guidance_scale}
  max_guidance_scale: 20.0
  schedulers: [dpmpp_2m]
inputs: {{max_items: 4, max_characters: 1000}}
batch:
  cost_unit: pixels
  max_cost: {rows * subject.side**2}
  max_items: {rows}
  max_queue_items: 512
latency: {{default_timeout_ms: 600000, max_timeout_ms: 600000}}
resources:
  cpu: {CORES}
  memory_gib: 2
{gpu}"""
