"""The card of a sentence-embedding model, from its repository's own files."""

from __future__ import annotations

import math
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from ekiben.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ekiben.weights.download import Download
    from ekiben.weights.lock import LockedFile
    from ekiben.weights.repository import Repository
    from ekiben.weights.stated_licence import StatedLicence

# Sorted, the one in the folder `onnx/` comes last and is taken.
_ONNX_FILES: Final = frozenset({"model.onnx", "onnx/model.onnx"})
_BYTES_PER_GIB: Final = 2**30


def files(repository: Repository, wanted: Sequence[str], download: Download) -> dict[str, LockedFile]:
    """Pick and lock the files: the graph, the tokenizer, and what else was wanted.

    Raises:
        WeightsError: It is not clear which graph to take, or a file is not there.
    """
    return {name: repository.lock(file, download) for name, file in _names(repository, wanted).items()}


def text(
    repository: Repository,
    locked: Mapping[str, LockedFile],
    licence: StatedLicence,
    version: str,
    download: Download,
) -> str:
    """Compose the card.

    Raises:
        WeightsError: The model's files do not state its limits.
    """
    facts = _facts(repository, download)
    graph = PurePosixPath(locked["model.onnx"].source).name
    values: dict[str, Any] = {
        **facts,
        "repository": repository.name,
        "version": version,
        "precision": _precision(graph),
        "sources": "\n".join(f"    {name}: {file.source}" for name, file in locked.items()),
        "licence": licence.lines(),
        "max_characters": facts["max_tokens"] * 64,
        "max_cost": max(2_048, facts["max_tokens"]),
        # The weights once in the file's form and once as the session holds them, and the service around them.
        "memory_gib": math.ceil((2 * _size(locked) / _BYTES_PER_GIB + 0.4) * 10) / 10,
    }
    return _TEMPLATE.format_map(values)


def _names(repository: Repository, wanted: Sequence[str]) -> dict[str, str]:
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


def _size(files: Mapping[str, LockedFile]) -> int:
    return sum(file.digest.size_bytes for file in files.values())


def _precision(file: str) -> str:
    lower = file.lower()
    if any(word in lower for word in ("int8", "quantized", "uint8")):
        return "int8"
    return "fp16" if "fp16" in lower or "float16" in lower else "fp32"


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
{licence}

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
