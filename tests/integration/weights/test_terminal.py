"""A pull shown on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.weights.conftest import Project


def test_bars_are_drawn(locked: Project) -> None:
    ours, theirs = pty.openpty()
    program = "from ekiben.cli import failures, models; failures.run(models.app)"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "pull"], env=locked.environment | {"TERM": "xterm"}, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:
        pass  # how Linux says that the other end is closed
    os.close(ours)
    assert process.wait(60) == 0
    text = shown.decode()
    assert "toy model.onnx" in text
    assert "1.0/1.0 MB" in text
    assert "toy:1.0.0 is stored in" in text
