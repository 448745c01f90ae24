"""Writes the card of a model on the hub: looks it up, picks its files, locks them.

Only what the model's own files state goes into the card; where they do not say enough, nothing is written.
"""

from __future__ import annotations

import math
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from ekiben.cards.card import Card, Task
from ekiben.cards.catalogue import load_card
from ekiben.errors import WeightsError
from ekiben.weights.lock import LockedFile, LockEntry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ekiben.weights.download import Download
    from ekiben.weights.repository import Repository

VERSION: Final = "1.0.0"
_PIPELINES: Final = {
    "sentence-similarity": Task.TEXT_EMBEDDING,
    "feature-extraction": Task.TEXT_EMBEDDING,
    "image-classification": Task.IMAGE_CLASSIFICATION,
}
# Sorted, the one in the folder `onnx/` comes last and is taken.
_ONNX_FILES: Final = frozenset({"model.onnx", "onnx/model.onnx"})
_SPDX: Final = {
    "apache-2.0": "Apache-2.0",
    "mit": "MIT",
    "bsd-3-clause": "BSD-3-Clause",
    "cc-by-4.0": "CC-BY-4.0",
}
_BYTES_PER_GIB: Final = 2**30


@dataclass(frozen=True)
class Wishes:
    """What the user asked for; None where the repository decides."""

    task: Task | None = None
    name: str | None = None
    files: Sequence[str] = ()
    licence: str | None = None


@dataclass(frozen=True)
class Addition:
    """A card that is not written yet, and its lock entry."""

    card: Card
    text: str
    entry: LockEntry

    def write(self, models_dir: Path) -> Path:
        """Write the card.

        Raises:
            WeightsError: There is one already, or the folder cannot be written.
        """
        path = models_dir / self.card.task.value / f"{self.card.name}.yaml"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(self.text)
        except FileExistsError:
            raise WeightsError(f"{path} is there already; choose another name with --name") from None
        except OSError as error:
            raise WeightsError(f"{path} cannot be written: {error.strerror}") from None
        return path


def prepare(repository: Repository, wishes: Wishes, download: Download) -> Addition:
    """Look at the repository and compose a card.

    Raises:
        WeightsError: The files do not say what a card needs, or cannot be had.
        CardError: What was composed is no valid card.
    """
    task = wishes.task or _task(repository)
    if task is not Task.TEXT_EMBEDDING:
        raise WeightsError(
            f"{repository.name}: cards of {task.value} cannot be written from the hub's files, which do not"
            " say how pictures are prepared and whether the graph ends in probabilities; write it by hand"
        )
    files = _files(repository, wishes.files)
    locked = {name: repository.lock(file, download) for name, file in files.items()}
    text = _text(repository, locked, _facts(repository, download), wishes.licence)
    name = wishes.name or re.sub(r"[^a-z0-9.]+", "-", repository.name.partition("/")[2].lower()).strip("-.")
    return Addition(_checked(task, name, text), text, LockEntry(VERSION, locked))


def _task(repository: Repository) -> Task:
    task = _PIPELINES.get(repository.pipeline or "")
    if task is None:
        said = repository.pipeline or "nothing"
        raise WeightsError(f"{repository.name}: its task is not clear (the hub says {said}); name one with --task")
    return task


def _files(repository: Repository, wanted: Sequence[str]) -> dict[str, str]:
    """Map the names the runtime looks for to files of the repository."""
    graphs = sorted(file for file in repository.files if file.endswith(".onnx"))
    chosen = [file for file in wanted if file.endswith(".onnx")]
    chosen = chosen or [file for file in graphs if file in _ONNX_FILES][-1:]
    if len(chosen) != 1:
        there = ", ".join(graphs) or "none"
        raise WeightsError(f"{repository.name}: choose one ONNX file with --file; there are: {there}")
    others = [file for file in wanted if file not in chosen]
    names = {"model.onnx": chosen[0], "tokenizer.json": "tokenizer.json"}
    names |= {PurePosixPath(file).name: file for file in others}
    missing = [file for file in names.values() if file not in repository.files]
    if missing:
        raise WeightsError(f"{repository.name} has no file {', '.join(missing)}")
    return names


def _facts(repository: Repository, download: Download) -> Mapping[str, int]:
    pooling = repository.read_json("1_Pooling/config.json", download)
    if pooling.get("pooling_mode_mean_tokens") is not True:
        raise WeightsError(
            f"{repository.name}: its 1_Pooling/config.json does not say that token vectors are averaged,"
            " which is what the runtime does"
        )
    config = repository.read_json("config.json", download)
    limits = repository.read_json("sentence_bert_config.json", download)
    tokens = limits.get("max_seq_length") or config.get("max_position_embeddings")
    dimensions = config.get("hidden_size")
    if type(tokens) is not int or type(dimensions) is not int:
        raise WeightsError(f"{repository.name}: its config.json does not state hidden_size and its token limit")
    return {"max_tokens": tokens, "dimensions": dimensions}


def _text(
    repository: Repository, files: Mapping[str, LockedFile], facts: Mapping[str, int], licence: str | None
) -> str:
    stated = licence or _SPDX.get(repository.licence or "", repository.licence)
    if not stated:
        raise WeightsError(f"{repository.name}: the hub states no licence; read its page and give it with --licence")
    graph = PurePosixPath(files["model.onnx"].source).name
    values: dict[str, Any] = {
        **facts,
        "repository": repository.name,
        "version": VERSION,
        "precision": _precision(graph),
        "sources": "\n".join(f"    {name}: {file.source}" for name, file in files.items()),
        "licence": stated,
        "max_characters": facts["max_tokens"] * 64,
        "max_cost": max(2_048, facts["max_tokens"]),
        # The weights once in the file's form and once as the session holds them, and the service around them.
        "memory_gib": math.ceil((2 * _size(files) / _BYTES_PER_GIB + 0.4) * 10) / 10,
    }
    return _TEMPLATE.format_map(values)


def _size(files: Mapping[str, LockedFile]) -> int:
    return sum(file.digest.size_bytes for file in files.values())


def _precision(file: str) -> str:
    lower = file.lower()
    if any(word in lower for word in ("int8", "quantized", "uint8")):
        return "int8"
    return "fp16" if "fp16" in lower or "float16" in lower else "fp32"


def _checked(task: Task, name: str, text: str) -> Card:
    """Read the text as the card it will be, before it lies among the others."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / task.value / f"{name}.yaml"
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
        return load_card(path)


_TEMPLATE: Final = """\
# Written by `ekiben models add hf:{repository}` from what the model's own files state.
# Limits, batch sizes and memory are starting points: measure and adjust them.
runtime: onnxruntime
description: Sentence embeddings by {repository}, {dimensions} dimensions.
version: {version}
precision: {precision}

source:
  files:
{sources}

licence:
  code: {licence}
  weights: {licence}

inputs:
  max_items: 256
  max_tokens: {max_tokens}
  max_characters: {max_characters}
  dimensions: {dimensions}

batch:
  cost_unit: tokens
  max_cost: {max_cost}
  max_items: 64
  max_wait_ms: 2
  max_queue_items: 2048

latency:
  default_timeout_ms: 10000
  max_timeout_ms: 60000

resources:
  cpu: 1
  memory_gib: {memory_gib}
"""
