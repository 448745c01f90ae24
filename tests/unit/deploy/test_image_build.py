from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ekiben.deploy.containerfile import DEFAULT_BASE
from ekiben.deploy.image_build import Backend, ImageOptions, build_image, parse_backend
from ekiben.errors import BuildError

if TYPE_CHECKING:
    from pathlib import Path

    from ekiben.deploy.bento import Bento

# Writes down what it was asked, where docker would build.
_BUILDER = """#!/bin/sh
printf '%s\\n' "$@" >"$(dirname "$0")/asked"
test -f "$PWD/Containerfile"
"""


@pytest.fixture
def builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the PATH with programs of the builders' names."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in Backend:
        (folder / name).write_text(_BUILDER)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder


@pytest.mark.parametrize("backend", list(Backend))
def test_every_builder_gets_the_file_the_tag_and_the_options(
    builder: Path, bento: Bento, home: Path, backend: Backend
) -> None:
    options = ImageOptions(backend, DEFAULT_BASE, options=("network=host",))
    assert build_image(bento, home, options) == "toy_service:1.2.3"
    asked = (builder / "asked").read_text().splitlines()
    assert asked[:3] == ["build", "--tag", "toy_service:1.2.3"]
    assert asked[asked.index("--file") + 1].endswith("/Containerfile")
    assert "--network=host" in asked
    # OCI's own format loses the health check.
    assert ("docker" in asked) == (backend is not Backend.DOCKER)


def test_names_say_what_is_inside(bento: Bento) -> None:
    assert ImageOptions(Backend.DOCKER, "", cuda=True).name(bento) == "toy_service:1.2.3-cuda"
    assert ImageOptions(Backend.DOCKER, "", tag="mine:1").name(bento) == "mine:1"


def test_an_unknown_builder_is_told_which_there_are() -> None:
    with pytest.raises(BuildError, match="docker, podman, buildah"):
        parse_backend("kaniko")
