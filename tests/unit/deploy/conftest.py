"""A project of one service with one card, small enough to read; and its Bento as BentoML would leave it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from ekiben.cards.catalogue import Catalogue, load_catalogue
from ekiben.deploy.bento import Bento, read_bento
from ekiben.deploy.bentofile import Bentofile, read_bentofile
from ekiben.deploy.blueprint import Blueprint
from ekiben.deploy.drawing import draw
from ekiben.deploy.revision import Revision

CARD = """\
runtime: onnxruntime
description: A toy.
version: 1.2.3
precision: fp32
source:
  files:
    model.onnx: file:toy.onnx
licence:
  code: Apache-2.0
  weights: MIT
inputs: {}
batch:
  max_cost: 8
  max_items: 4
resources:
  memory_gib: 0.1
"""
ELSEWHERE = """\
runtime: openai
description: A toy far away.
version: 1.0.0
precision: bf16
upstream: {url: 'http://gpu:8000/v1', model: big, key: far}
licence: {code: MIT, weights: MIT}
inputs: {}
generation: {context_tokens: 64, max_tokens: 16}
batch: {max_cost: 8, max_items: 4}
resources: {memory_gib: 0.1}
"""
BENTOFILE = """\
service: services.toy.service:Toy
name: toy_service
include: [/services/, /models/, /locks/toy.txt, /LICENSE, /NOTICE]
python:
  requirements_txt: locks/toy.txt
  lock_packages: false
  is_src_layout: true
"""
WEIGHTS_LOCK = f"""\
toy:
  version: 1.2.3
  origins:
    model.onnx:
      source: file:toy.onnx
      size_bytes: 5
      sha256: {"a" * 64}
"""
LOCK = """\
# Written by hand, for tests.
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:00
onnxruntime==1.31.1 \\
    --hash=sha256:01
PyYAML==6.0.2 ; python_full_version < '3.12' \\
    --hash=sha256:02
"""
REVISION = Revision("0123456789abcdef0123456789abcdef01234567", dirty=False)


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    write_files(
        folder,
        {
            "models/text-embedding/toy.yaml": CARD,
            "models/weights.lock": WEIGHTS_LOCK,
            "services/__init__.py": "",
            "services/toy/__init__.py": "",
            "services/toy/service.py": "Toy = 1\n",
            "services/toy/bentofile.yaml": BENTOFILE,
            "services/toy/example.yaml": "path: /v1/embeddings\njson: {input: a}\nanswer_has: embedding\n",
            "locks/toy.txt": LOCK,
            "LICENSE": "a licence\n",
            "NOTICE": "a notice\n",
        },
    )
    return folder


@pytest.fixture
def catalogue(project: Path) -> Catalogue:
    return load_catalogue(project / "models")


@pytest.fixture
def two(project: Path) -> Catalogue:
    """The catalogue of a service with a second model, and a platform."""
    write_files(
        project, {"models/text-embedding/a-toy.yaml": CARD.replace("1.2.3", "4.0.0"), "bentofile.yaml": BENTOFILE}
    )
    return load_catalogue(project / "models")


@pytest.fixture
def bentofile(project: Path) -> Bentofile:
    return read_bentofile(project, "toy")


@pytest.fixture
def blueprint(bentofile: Bentofile, catalogue: Catalogue) -> Blueprint:
    return draw(bentofile, catalogue, REVISION)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """BentoML's home, with the toy's weights."""
    write_files(
        tmp_path / "home", {"models/toy/1.2.3/model.onnx": "12345", "models/toy/1.2.3/model.yaml": "name: toy\n"}
    )
    return tmp_path / "home"


@pytest.fixture
def bento(home: Path, project: Path, blueprint: Blueprint) -> Bento:
    path = home / "bentos" / "toy_service" / "1.2.3"
    info = {
        "name": "toy_service",
        "version": "1.2.3",
        "service": "services.toy.service:Toy",
        "labels": blueprint.labels,
        "models": [],
        "services": [{"name": "toy", "models": [{"tag": "toy:1.2.3"}]}],
    }
    kept = ("models", "services", "locks", "LICENSE", "NOTICE")
    files = {
        f"src/{file.relative_to(project).as_posix()}": file.read_text()
        for name in kept
        for file in ([project / name] if (project / name).is_file() else (project / name).rglob("*"))
        if file.is_file()
    }
    write_files(path, {**files, "bento.yaml": yaml.safe_dump(info), "sbom.cdx.json": "{}"})
    (path.parent / "latest").write_text("1.2.3")
    return read_bento(path)
