from __future__ import annotations

import base64
from pathlib import Path

import pytest

from ekiben.deploy.image_build import Backend
from ekiben.deploy.spot.pushing import ProgramPusher
from ekiben.errors import BuildError

_DOCKER = """#!/bin/sh
echo "$*" >> "$(dirname "$0")/asked"
if [ "$1" = login ]; then cat > "$(dirname "$0")/password"; fi
if [ "$1" = push ] && [ -e "$(dirname "$0")/refuse" ]; then exit 1; fi
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    docker = tmp_path / "docker"
    docker.write_text(_DOCKER)
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tmp_path


def _push() -> None:
    token = base64.b64encode(b"AWS:the-password").decode()
    ProgramPusher(Backend.DOCKER).push("ekiben:1", "1.dkr.ecr.us-east-1.amazonaws.com/ekiben/a/gateway:1", token)


def test_the_password_goes_through_standard_input_alone(program: Path) -> None:
    _push()
    asked = (program / "asked").read_text()
    assert (program / "password").read_text() == "the-password"
    assert "the-password" not in asked
    assert asked.splitlines() == [
        "login --username AWS --password-stdin 1.dkr.ecr.us-east-1.amazonaws.com",
        "tag ekiben:1 1.dkr.ecr.us-east-1.amazonaws.com/ekiben/a/gateway:1",
        "push 1.dkr.ecr.us-east-1.amazonaws.com/ekiben/a/gateway:1",
    ]


def test_a_push_that_fails_is_told(program: Path) -> None:
    (program / "refuse").touch()
    with pytest.raises(BuildError, match="docker push"):
        _push()
