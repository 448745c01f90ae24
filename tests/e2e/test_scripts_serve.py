"""`scripts/serve`, the one command a newcomer types."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import PROJECT, Platform, free_port

pytestmark = pytest.mark.slow


def _start(folder: Path, *arguments: str, port: int) -> Platform:
    settings = {
        "EKIBEN_PORT": str(port),
        "EKIBEN_RUN_DIR": str(folder / "run"),
        "EKIBEN_STATE_DIR": str(folder / "state"),
    }
    log = folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [PROJECT / "scripts" / "serve", *arguments],
            cwd=folder,
            env={**os.environ, **settings},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Platform(process, port, f"http://127.0.0.1:{port}", folder / "run", log)


def test_it_serves_from_any_folder_and_ends_cleanly(tmp_path: Path) -> None:
    served = _start(tmp_path, "--only", "all-minilm-l6-v2", port=free_port())
    try:
        served.wait_until_ready()
        assert "efficientnet" not in served.log_end()
    finally:
        status = served.stop()
    assert status == 0, served.log_end()


def test_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    served = _start(tmp_path, "--only", "efficientnet-lite0", port=free_port())
    try:
        served.wait_until_ready()
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(60) == 0, served.log_end()
    finally:
        served.stop()


def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        served = _start(tmp_path, port=taken.getsockname()[1])
        assert served.process.wait(60) == 1
    assert f"port {served.port}" in served.log_end()
    assert "Traceback" not in served.log_end()


def test_an_unknown_model_is_one_clear_line(tmp_path: Path) -> None:
    served = _start(tmp_path, "--only", "nope", port=free_port())
    assert served.process.wait(60) == 1
    assert "no model 'nope'" in served.log_end()
    assert "Traceback" not in served.log_end()


def test_help_starts_nothing(tmp_path: Path) -> None:
    served = _start(tmp_path, "--help", port=free_port())
    assert served.process.wait(60) == 0
    assert "--only" in served.log_end()
