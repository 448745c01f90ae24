from __future__ import annotations

import hashlib
import tarfile
import zipfile
from pathlib import Path

import pytest

from ekiben.errors import WeightsError
from training.emoji.sources import Package, unpack, verify


def test_an_archive_that_is_not_the_pinned_one_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "one.tgz"
    archive.write_bytes(b"other")
    with pytest.raises(WeightsError, match="expected sha256 0000"):
        verify(archive, Package("npm", "one", "1.0.0", "0000"))
    verify(archive, Package("npm", "one", "1.0.0", hashlib.sha256(b"other").hexdigest()))


def test_both_kinds_of_archive_are_unpacked(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("inside")
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as tarball:
        tarball.add(tmp_path / "file", "package/file")
    with zipfile.ZipFile(tmp_path / "b.whl", "w") as wheel:
        wheel.write(tmp_path / "file", "package/file")
    for name in ("a.tgz", "b.whl"):
        unpack(tmp_path / name, tmp_path / "to" / name)
        assert (tmp_path / "to" / name / "package" / "file").read_text() == "inside"


def test_nothing_is_unpacked_outside_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("inside")
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as tarball:
        tarball.add(tmp_path / "file", "../outside")
    with pytest.raises(tarfile.OutsideDestinationError):
        unpack(tmp_path / "a.tgz", tmp_path / "to")
