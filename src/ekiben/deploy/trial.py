"""Starts a Bento as a container does, waits until it is ready, and has it answer."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import httpx

from ekiben.deploy.program import plain_environment
from ekiben.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ekiben.deploy.bento import Bento
    from ekiben.deploy.example import Example

_READY_WITHIN_S: Final = 180.0
_GONE_WITHIN_S: Final = 60.0
_POLL_S: Final = 0.2
_CHARACTERS_SHOWN: Final = 3_000
_SERVE: Final = "from ekiben.cli.entry import main; main()"


@dataclass(frozen=True, slots=True)
class Trial:
    """What a Bento is to prove.

    Attributes:
        names: The models to serve, at least one.
        examples: What to ask.
        project: Where the examples' files are.
    """

    names: Sequence[str]
    examples: Sequence[Example]
    project: Path


def try_bento(bento: Bento, trial: Trial, scratch: Path) -> None:
    """Serve the Bento's own files on a free port of this machine and ask each example.

    Args:
        bento: Its folder is where the programs run.
        trial: What it is to prove.
        scratch: An empty folder for sockets and the log.

    Raises:
        BuildError: It does not get ready, does not answer, or does not end cleanly.
    """
    with _served(bento, trial.names, scratch) as base_url:
        for example in trial.examples:
            example.ask(base_url, trial.project)


@contextlib.contextmanager
def _served(bento: Bento, names: Sequence[str], scratch: Path) -> Iterator[str]:
    port, log = _free_port(), scratch / "serve.log"
    environment = plain_environment(
        PYTHONPATH=str(bento.source),
        PYTHONDONTWRITEBYTECODE="1",
        EKIBEN_ONLY=",".join(names),
        EKIBEN_PORT=str(port),
        EKIBEN_RUN_DIR=str(scratch / "run"),
        EKIBEN_STATE_DIR=str(scratch / "state"),
    )
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - this interpreter, no shell
            [sys.executable, "-c", _SERVE, "serve"],
            cwd=bento.source,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        base_url = f"http://127.0.0.1:{port}"
        _wait_until_ready(process, base_url, log)
        yield base_url
    finally:
        status = _end(process)
    if status:
        raise BuildError(f"{bento.tag} ended with status {status} instead of 0\n{_end_of(log)}")


def _wait_until_ready(process: subprocess.Popen[bytes], base_url: str, log: Path) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    with httpx.Client(trust_env=False, timeout=5) as client:
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise BuildError(f"the Bento does not start\n{_end_of(log)}")
            with contextlib.suppress(httpx.HTTPError):
                if client.get(f"{base_url}/readyz").status_code == httpx.codes.OK:
                    return
            time.sleep(_POLL_S)
    raise BuildError(f"the Bento is not ready after {_READY_WITHIN_S:g} s\n{_end_of(log)}")


def _end(process: subprocess.Popen[bytes]) -> int:
    """SIGTERM, as orchestrators end a container; what does not obey is killed."""
    process.terminate()
    try:
        return process.wait(_GONE_WITHIN_S)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-_CHARACTERS_SHOWN:]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
