from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from ekiben.deploy.image_context import write_context
from ekiben.errors import BuildError
from tests.unit.deploy.conftest import LOCK, write_files

if TYPE_CHECKING:
    from pathlib import Path

    from ekiben.deploy.bento import Bento


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "context"


def test_weights_code_and_packages_lie_apart(folder: Path, bento: Bento, home: Path) -> None:
    write_context(folder, bento, home, cuda=False)
    assert {path.name for path in folder.iterdir()} == {"Containerfile", "bentoml", "code", "ekiben", "packages.lock"}
    assert (folder / "packages.lock").read_text() == LOCK
    assert (folder / "bentoml/models/toy/1.2.3/model.onnx").read_text() == "12345"
    assert (folder / "bentoml/models/toy/latest").read_text() == "1.2.3"
    assert not (folder / "bentoml/prometheus_multiproc_dir").exists()
    assert (folder / "code/src/services/toy/service.py").is_file()


def test_the_user_in_the_container_can_read_all_of_it(folder: Path, bento: Bento, home: Path) -> None:
    (bento.source / "NOTICE").chmod(0o600)
    write_context(folder, bento, home, cuda=False)
    assert all(path.stat().st_mode & stat.S_IROTH for path in folder.rglob("*"))


def test_weights_that_are_not_stored_are_named(folder: Path, bento: Bento, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"toy:1\.2\.3 is not in the model store; run: ekiben models pull toy"):
        write_context(folder, bento, tmp_path / "nowhere", cuda=False)


def test_a_secret_stops_it(folder: Path, bento: Bento, home: Path) -> None:
    write_files(bento.source, {"services/.env": "SECRET=1"})
    with pytest.raises(BuildError, match=r"code/src/services/\.env"):
        write_context(folder, bento, home, cuda=False)


def test_an_example_of_a_key_in_a_vocabulary_does_not(folder: Path, bento: Bento, home: Path) -> None:
    write_files(home, {"models/toy/1.2.3/vocabulary.json": '["ghp_' + "abcdefghijklmnopqrstuvwxyz" + '0123456789"]'})
    write_context(folder, bento, home, cuda=False)


def test_cuda_needs_its_lock_in_the_bento(folder: Path, bento: Bento, home: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"holds no locks/cuda\.txt"):
        write_context(folder, bento, home, cuda=True)
    write_files(bento.source, {"locks/cuda.txt": "onnxruntime-gpu==1.31.1 --hash=sha256:00\n"})
    write_context(tmp_path / "second", bento, home, cuda=True)
    assert (tmp_path / "second/cuda.lock").is_file()


def test_cuda_is_for_onnx_runtime(folder: Path, bento: Bento, home: Path) -> None:
    write_files(bento.source, {"locks/toy.txt": "numpy==2.4.6 \\\n    --hash=sha256:00\n"})
    with pytest.raises(BuildError, match="no ONNX Runtime"):
        write_context(folder, bento, home, cuda=True)
