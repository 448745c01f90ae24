"""Restricted licences: shown, asked for where somebody can answer, remembered."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from tests.integration.weights.conftest import Project

_REFUSED = "ekiben: toy: its weights are restricted: non-commercial use (MIT); if that is what you do, run: "


@pytest.fixture
def restricted(locked: Project) -> Project:
    path = locked.models / "text-embedding" / "toy.yaml"
    path.write_text(path.read_text().replace("  weights: MIT\n", "  weights: MIT\n  restricted: non-commercial use\n"))
    return locked


def test_an_open_one_is_shown(locked: Project) -> None:
    status, _, errors = locked.run("pull")
    assert status == 0
    assert "toy: the weights are under MIT\n" in errors
    _, _, errors = locked.run("pull")
    assert "under MIT" not in errors  # it is there already


def test_without_a_terminal_it_ends_with_one_clear_line(restricted: Project) -> None:
    status, _, errors = restricted.run("pull")
    assert status == 1
    assert errors.splitlines()[-1] == _REFUSED + "ekiben models pull toy --accept-licence toy"
    assert restricted.stored() == []
    assert restricted.run("pull", "--lock")[0] == 1


def test_accepted_by_name_and_remembered(restricted: Project) -> None:
    status, _, errors = restricted.run("pull", "toy", "--accept-licence", "toy")
    assert status == 0, errors
    assert "  restricted: non-commercial use\n" in errors
    (restricted.home / "models" / "toy" / "1.0.0" / "model.onnx").unlink()
    assert restricted.run("pull")[0] == 0


def test_accepting_another_ones_does_not_help(restricted: Project) -> None:
    assert restricted.run("pull", "toy", "--accept-licence", "unknown")[0] == 1


@pytest.mark.parametrize(("answer", "expected"), [("y", 0), ("n", 1), ("", 1)])
def test_asked_on_a_terminal(restricted: Project, answer: str, expected: int) -> None:
    ours, theirs = pty.openpty()
    program = "from ekiben.cli import failures, models; failures.run(models.app)"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "pull"],
        env=restricted.environment,
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            if b"[y/N]" not in shown and b"[y/N]" in shown + chunk:
                os.write(ours, f"{answer}\n".encode())
            shown += chunk
    except OSError:
        pass  # how Linux says that the other end is closed
    os.close(ours)
    assert process.wait(60) == expected
    assert b"Do you accept this licence for toy?" in shown
