"""A store or a disk that does not take what is written to it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.weights.conftest import Project


@pytest.fixture
def read_only(locked: Project) -> Iterator[Path]:
    """An existing home that cannot be written; root needs a mount, which permissions do not bind."""
    locked.home.mkdir()
    if os.geteuid():
        locked.home.chmod(0o500)
        yield locked.home
        locked.home.chmod(0o700)
        return
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", str(locked.home)], check=False)
    if done.returncode:
        pytest.skip("root without the right to mount")
    yield locked.home
    subprocess.run(["umount", str(locked.home)], check=True)


def test_a_read_only_store_is_one_line(locked: Project, read_only: Path) -> None:
    status, _, errors = locked.run("pull")
    assert status == 1
    _licence, line = errors.splitlines()
    assert line.startswith(f"ekiben: toy: {read_only}")
    assert line.endswith("point BENTOML_HOME or EKIBEN_CACHE_DIR elsewhere")


def test_what_a_read_only_store_holds_is_served(locked: Project) -> None:
    locked.run("pull")
    models = locked.home / "models"
    mounted = subprocess.run(["mount", "--bind", "-o", "ro", str(models), str(models)], check=False)
    if mounted.returncode:
        pytest.skip("needs the right to mount")
    try:
        status, _, errors = locked.run("pull")
        assert status == 0, errors
    finally:
        subprocess.run(["umount", str(models)], check=True)


def test_a_disk_that_is_full_is_one_line(locked: Project) -> None:
    locked.cache.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(locked.cache)], check=False)
    if mounted.returncode:
        pytest.skip("needs the right to mount")
    try:
        status, _, errors = locked.run("pull")
    finally:
        subprocess.run(["umount", str(locked.cache)], check=True)
    assert status == 1
    assert errors.splitlines()[-1].startswith("ekiben: toy: needs 65 MiB of disk under")
    assert locked.stored() == []
