from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ekiben.deploy.program import run_program
from ekiben.deploy.revision import Revision, read_revision
from ekiben.errors import BuildError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("one")
    for command in (
        ["init", "--quiet"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "first"],
    ):
        run_program(["git", *command], folder=tmp_path)
    return tmp_path


def test_a_clean_tree_is_its_commit(checkout: Path) -> None:
    revision = read_revision(checkout, allow_dirty=False)
    assert (len(revision.commit), revision.dirty) == (40, False)


def test_a_changed_tree_is_refused_by_name_or_said_to_be_dirty(checkout: Path) -> None:
    (checkout / "new").touch()
    with pytest.raises(BuildError, match=r"differs from its last commit \(new\).*--dirty"):
        read_revision(checkout, allow_dirty=False)
    assert read_revision(checkout, allow_dirty=True).dirty


def test_sources_without_git_need_dirty_too(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no git checkout"):
        read_revision(tmp_path, allow_dirty=False)
    assert read_revision(tmp_path, allow_dirty=True) == Revision("unknown", dirty=True)
