"""Servers under test: started with a log of their own, waited for, paused while another is measured, ended."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.harness.ports import HOST, free_port

ROOT = Path(__file__).resolve().parents[2]
_START_TIMEOUT_S = 120.0
_STOP_TIMEOUT_S = 60.0
_LOG_LINES = 30


class ServerFailed(Exception):
    """A server did not start, or ended by itself; the message has the end of its log."""


@dataclass(frozen=True, slots=True)
class Command:
    """How to start a server; `{port}` in the arguments and the environment is the port it is given."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    ready_path: str


class Server:
    """A running server and every process below it."""

    def __init__(self, command: Command) -> None:
        self.name, self.port = command.name, free_port()
        self._ready_url = f"http://{HOST}:{self.port}{command.ready_path}"
        self._log = Path(tempfile.mkdtemp(prefix="ekiben-bench-")) / f"{command.name}.log"
        own = {key: value.format(port=self.port) for key, value in command.environment.items()}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [part.format(port=self.port) for part in command.arguments],
                cwd=ROOT,
                env={**os.environ, **own},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def tree(self) -> list[psutil.Process]:
        """The process and its descendants, parents first."""
        try:
            root = psutil.Process(self._process.pid)
            return [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def wait_ready(self, timeout_s: float = _START_TIMEOUT_S) -> None:
        """Return once the server says that it is ready.

        Raises:
            ServerFailed: It ended, or took too long.
        """
        give_up = time.monotonic() + timeout_s
        while time.monotonic() < give_up:
            if self._process.poll() is not None:
                raise ServerFailed(f"{self.name} ended with status {self._process.returncode}:\n{self.log_end()}")
            with (
                contextlib.suppress(OSError, urllib.error.URLError),
                urllib.request.urlopen(self._ready_url, timeout=2) as reply,
            ):
                if reply.status == 200:
                    return
            time.sleep(0.2)
        raise ServerFailed(f"{self.name} is not ready after {timeout_s:.0f} s:\n{self.log_end()}")

    def pause(self) -> None:
        """Stop every process, parents first, so that an idle server takes no processor time from the measured one."""
        for process in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()

    def resume(self) -> None:
        """Undo `pause`, children first."""
        for process in reversed(self.tree()):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()

    def log_end(self) -> str:
        """The last lines the server wrote."""
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-_LOG_LINES:])

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for whoever is left after a while."""
        self.resume()
        everyone = self.tree()
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_TIMEOUT_S)
        for process in everyone:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait()


@contextlib.contextmanager
def running(command: Command) -> Iterator[Server]:
    """A ready server for the length of the block."""
    server = Server(command)
    try:
        server.wait_ready()
        yield server
    finally:
        server.stop()
