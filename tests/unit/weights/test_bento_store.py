from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from ekiben.weights.bento_store import ModelStore
from ekiben.weights.digest import Digest, digest_of

if TYPE_CHECKING:
    from pathlib import Path

TAG = "toy:1.0.0"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> ModelStore:
    return ModelStore(home)


def put(store: ModelStore, tag: str = TAG, content: bytes = b"abc") -> dict[str, Digest]:
    with store.staging(tag) as staged:
        (staged / "sub").mkdir()
        (staged / "sub" / "model.onnx").write_bytes(content)
        files = {"sub/model.onnx": digest_of(staged / "sub" / "model.onnx")}
        store.commit(staged, tag, files, {"task": "toys"})
    return files


def test_a_model_is_put_and_found(store: ModelStore, home: Path) -> None:
    files = put(store)
    found = store.find(TAG)
    assert found is not None
    assert found.path == home / "models" / "toy" / "1.0.0"
    assert (dict(found.files), dict(found.labels), found.damage()) == (files, {"task": "toys"}, "")
    assert (home / "models" / "toy" / "latest").read_text() == "1.0.0"


def test_nothing_is_found_where_nothing_is(store: ModelStore) -> None:
    assert store.find(TAG) is None


def test_the_newest_version_is_latest(store: ModelStore, home: Path) -> None:
    put(store)
    put(store, "toy:1.1.0")
    assert (home / "models" / "toy" / "latest").read_text() == "1.1.0"


def test_missing_and_cut_files_are_seen(store: ModelStore) -> None:
    put(store)
    found = store.find(TAG)
    assert found is not None
    file = found.path / "sub" / "model.onnx"
    file.write_bytes(b"ab")
    assert found.damage() == "sub/model.onnx has 2 bytes instead of 3"
    file.unlink()
    assert found.damage() == "sub/model.onnx is missing"


def test_a_failure_leaves_nothing(store: ModelStore, home: Path) -> None:
    with contextlib.suppress(KeyError), store.staging(TAG) as staged:
        (staged / "model.onnx").write_bytes(b"half")
        raise KeyError
    assert store.find(TAG) is None
    assert [path for path in home.rglob("*") if path.is_file()] == []


def test_what_a_killed_process_left_is_cleared(store: ModelStore, home: Path) -> None:
    left_over = home / "tmp" / "ekiben" / "toy-1.0.0.staging-dead"
    left_over.mkdir(parents=True)
    with store.staging(TAG):
        assert not left_over.exists()


def test_a_damaged_model_is_replaced(store: ModelStore) -> None:
    put(store)
    put(store, content=b"other")
    assert (store.path(TAG) / "sub" / "model.onnx").read_bytes() == b"other"


@pytest.mark.parametrize("text", ["", "[", "a: 1", "metadata: {files: {a: 1}}", "metadata: []"])
def test_a_record_that_is_not_ours_says_nothing(store: ModelStore, text: str) -> None:
    path = store.path(TAG)
    path.mkdir(parents=True)
    (path / "model.yaml").write_text(text)
    found = store.find(TAG)
    assert found is not None
    assert dict(found.files) == {}
