from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

CARD = """\
runtime: onnxruntime
description: A toy.
version: 1.2.3
precision: fp32
source:
  files:
    model.onnx: file:weights/model.onnx
licence:
  code: MIT
  weights: MIT
inputs:
  max_items: 4
batch:
  max_cost: 8
  max_items: 8
resources:
  memory_gib: 0.5
"""

WriteCard = Callable[..., Path]


@pytest.fixture
def card_text() -> str:
    return CARD


@pytest.fixture
def write_card(tmp_path: Path) -> WriteCard:
    def write(text: str, name: str = "toy.yaml", task: str = "text-embedding") -> Path:
        path = tmp_path / "models" / task / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write
