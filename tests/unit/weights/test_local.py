from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ekiben.errors import WeightsError
from ekiben.weights.local import LocalFile

if TYPE_CHECKING:
    from pathlib import Path


def content(source: LocalFile, offset: int = 0, validator: str | None = None) -> tuple[int, bytes, str | None]:
    with source.open(offset, validator) as body:
        return body.offset, b"".join(body.chunks), body.validator


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "models" / "weights" / "a.onnx"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"0123456789")
    return path


def test_relative_to_the_cards(tmp_path: Path, file: Path) -> None:
    assert content(LocalFile("weights/a.onnx", tmp_path / "models"))[1] == b"0123456789"
    assert content(LocalFile(str(file), tmp_path / "elsewhere"))[1] == b"0123456789"


def test_it_resumes_an_unchanged_file_only(tmp_path: Path, file: Path) -> None:
    source = LocalFile(str(file), tmp_path)
    _, _, validator = content(source)
    assert content(source, 4, validator)[:2] == (4, b"456789")
    assert content(source, 4, None)[:2] == (0, b"0123456789")
    file.write_bytes(b"abcdefghijk")
    assert content(source, 4, validator)[:2] == (0, b"abcdefghijk")


def test_a_relative_path_stays_inside(tmp_path: Path, file: Path) -> None:
    (tmp_path / "secret.onnx").write_bytes(b"secret")
    models = file.parent.parent
    (models / "link.onnx").symlink_to(tmp_path / "secret.onnx")
    for path in ("../secret.onnx", "weights/../../secret.onnx", "link.onnx"):
        with pytest.raises(WeightsError, match="leads out of"):
            content(LocalFile(path, models))


@pytest.mark.parametrize("path", ["weights/missing.onnx", "weights"])
def test_what_cannot_be_read_is_named(file: Path, path: str) -> None:
    with pytest.raises(WeightsError, match=f"cannot read .*{path}"):
        content(LocalFile(path, file.parent.parent))
