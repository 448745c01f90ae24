from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ekiben.cards.card import Card
from ekiben.cards.catalogue import load_card
from ekiben.weights.digest import Digest, digest_of
from ekiben.weights.lock import LockedFile, LockEntry

MakeCard = Callable[..., Card]

TEXT = """\
runtime: onnxruntime
description: A toy.
version: {version}
precision: fp32
source:
  files:
{files}
{convert}
licence:
  code: MIT
  weights: CC-BY-4.0
inputs:
  max_items: 4
batch:
  max_cost: 8
  max_items: 8
resources:
  memory_gib: 0.5
"""


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    (folder / "text-embedding").mkdir(parents=True)
    return folder


@pytest.fixture
def make_card(models_dir: Path) -> MakeCard:
    def make(files: dict[str, str], convert: str = "", version: str = "1.0.0", name: str = "toy") -> Card:
        lines = "\n".join(f"    {file}: {uri}" for file, uri in files.items())
        path = models_dir / "text-embedding" / f"{name}.yaml"
        convert = f"  convert: {convert}" if convert else ""
        path.write_text(TEXT.format(version=version, files=lines, convert=convert))
        return load_card(path)

    return make


@pytest.fixture
def toy(make_card: MakeCard, models_dir: Path) -> Card:
    """A card whose one file lies in the folder of cards."""
    (models_dir / "toy.onnx").write_bytes(b"weights" * 1000)
    return make_card({"model.onnx": "file:toy.onnx"})


@pytest.fixture
def toy_entry(toy: Card, models_dir: Path) -> LockEntry:
    digest = digest_of(models_dir / "toy.onnx")
    return LockEntry(toy.version, {"model.onnx": LockedFile("file:toy.onnx", digest)})


@pytest.fixture
def digest() -> Digest:
    return Digest(3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
