"""The platform as a user starts it: one `ekiben serve` for the whole session, on a free port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.tiny_models import TinyModels

PROJECT = Path(__file__).resolve().parents[2]
_READY_WITHIN_S = 90.0
_GONE_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Platform:
    """A running `ekiben serve`; `log` is what it writes."""

    process: subprocess.Popen[bytes]
    port: int
    base_url: str
    run_dir: Path
    log: Path

    def wait_until_ready(self, within_s: float = _READY_WITHIN_S) -> None:
        """Wait for /readyz; fails with the log's end when the time is over or the process ends."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                pytest.fail(f"ekiben serve ended with {self.process.returncode}:\n{self.log_end()}")
            try:
                with urllib.request.urlopen(f"{self.base_url}/readyz", timeout=2) as response:
                    if response.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        pytest.fail(f"not ready after {within_s} s:\n{self.log_end()}")

    def stop(self) -> int:
        """SIGTERM, as an operator ends it; returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(_GONE_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            pytest.fail(f"ekiben serve does not end on SIGTERM:\n{self.log_end()}")

    def log_end(self, characters: int = 6_000) -> str:
        """The last lines that it wrote."""
        return self.log.read_text(errors="replace")[-characters:]


def start_platform(folder: Path, *arguments: str, **environment: str) -> Platform:
    """Start `ekiben serve` with its run folder and log in `folder`; the caller waits and stops."""
    port = free_port()
    run_dir, log = folder / "run", folder / "serve.log"
    own = {"EKIBEN_RUN_DIR": str(run_dir), "EKIBEN_STATE_DIR": str(folder / "state")}
    settings = {"EKIBEN_PORT": str(port), **own, **environment}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", "from ekiben.cli.main import main; main()", "serve", *arguments],
            cwd=PROJECT,
            env={**os.environ, **settings},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Platform(process, port, f"http://127.0.0.1:{port}", run_dir, log)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The platform with every served model; must end cleanly when the session does."""
    started = start_platform(tmp_path_factory.mktemp("platform"))
    try:
        started.wait_until_ready()
        yield started
    finally:
        status = started.stop()
    assert status == 0, started.log_end()


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> TinyModels:
    """Models that draw, with random weights; see tests/e2e/tiny_models.py."""
    from tests.e2e.tiny_models import make_tiny_models  # imported here: torch takes a while, and few tests need it

    return make_tiny_models(tmp_path_factory.mktemp("tiny-models"))
