"""The supervisor: starts the queue of jobs and BentoML, watches the gateway, drains before it ends.

BentoML ends every process at once on SIGTERM, so that requests in flight lose their worker. The supervisor therefore
takes the signal first, has the workers hand their jobs back and the gateway refuse new requests and finish the others,
and only then passes it on. The queue ends last.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import structlog

from ekiben.cli.job_care import JobCare
from ekiben.devices.claim import PLACE_SUFFIX
from ekiben.errors import ConfigurationError
from ekiben.settings import Settings, child_environment
from ekiben.worker.host import CHANGING_SUFFIX
from ekiben.worker.listener import SOCKET_SUFFIX, make_private
from ekiben.worker.platform_here import STOP_FILE, PlatformHere
from ekiben.worker.wish import WISH_SUFFIX

_log = structlog.get_logger("ekiben.supervisor")

_POLL_S = 0.5
_KEEP_ALIVE_S = 330
_PR_SET_PDEATHSIG = 1  # from linux/prctl.h
# After the drain nothing is left to wait for; this is for the processes' own goodbye.
_EXIT_TIMEOUT_S = 20.0
# More is never needed, and some programs close every possible file when they start.
_MAX_FILES = 65_536


@dataclass(frozen=True, slots=True)
class Target:
    """What BentoML is asked to serve: an import string (or a Bento tag) seen from a folder."""

    bento: str
    folder: Path


class Supervisor:
    """Runs one `bentoml serve` to its end.

    Args:
        settings: Host, port, run folder and time limits.
        target: What to serve.
        control_name: File-name stem of the gateways' private sockets.
    """

    def __init__(self, settings: Settings, target: Target, control_name: str) -> None:
        self._settings, self._target = settings, target
        self._platform = PlatformHere(settings.run_dir, control_name)
        self._stopping = asyncio.Event()
        self._impatient = asyncio.Event()
        self._whole_since = time.monotonic()
        self._was_ready = False

    async def run(self) -> int:
        """Serve until a signal or a failure; returns the exit status, 0 after a drain that lost nothing."""
        make_private(self._settings.run_dir)
        raise_file_limit()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stopping.set)
        loop.add_signal_handler(signal.SIGINT, self._interrupted)
        self._clear()  # What a platform that was killed has left behind.
        try:
            async with JobCare(self._settings) as jobs:
                process = await self._spawn(jobs.url)
                try:
                    return await self._watch(process)
                finally:
                    await _end(process, 0.0 if self._impatient.is_set() else _EXIT_TIMEOUT_S)
        finally:
            self._clean()

    def _interrupted(self) -> None:
        """Stop at the first Ctrl-C; at the second, without waiting for what is in flight."""
        (self._impatient if self._stopping.is_set() else self._stopping).set()

    async def _spawn(self, queue_url: str) -> asyncio.subprocess.Process:
        arguments = ["-m", "bentoml", "serve", self._target.bento, "--working-dir", str(self._target.folder)]
        address = ["--host", _ip(self._settings.host), "--port", str(self._settings.port)]
        # Longer than load balancers and clients keep theirs, so that none sends on a connection that is being closed.
        keep_alive = ["--timeout-keep-alive", str(_KEEP_ALIVE_S)]
        # A group of its own: Ctrl-C reaches the supervisor alone, which drains first.
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            *address,
            *keep_alive,
            env=_environment(self._settings, queue_url),
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )

    async def _watch(self, process: asyncio.subprocess.Process) -> int:
        """Wait for a signal, the agent's word, the end of BentoML, or a worker that stays gone."""
        while not self._stopping.is_set() and not self._stop_file.exists():
            if process.returncode is not None:
                _log.error("BentoML ended by itself", exit_status=process.returncode)
                return process.returncode or 1
            if not await self._whole():
                await self._drain()  # The other models still answer.
                return 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _POLL_S)
        return 0 if await self._drain() else 1

    async def _whole(self) -> bool:
        """Whether every worker is there, or has not been missing for too long."""
        states = await self._platform.states()
        now = time.monotonic()
        if states and all(state["ready"] for state in states):
            self._whole_since = now
            self._announce()
        elif now - self._whole_since > self._settings.respawn_timeout_s:
            missing = [state["missing"] for state in states] or "the gateway"
            _log.error("workers stay gone; giving up", missing=missing, seconds=self._settings.respawn_timeout_s)
            return False
        return True

    def _announce(self) -> None:
        if not self._was_ready:
            self._was_ready = True
            _log.info("ready", url=f"http://{self._settings.host}:{self._settings.port}")

    async def _drain(self) -> bool:
        """Have the gateways finish what is in flight; returns whether they did."""
        _log.info("draining; Ctrl-C again ends at once", timeout_s=self._settings.drain_timeout_s)
        wait_s = self._settings.drain_timeout_s + 5
        drained = asyncio.gather(self._platform.drain(wait_s), self._platform.hand_back(wait_s))
        impatient = asyncio.create_task(self._impatient.wait())
        either: set[asyncio.Future[Any]] = {drained, impatient}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        impatient.cancel()
        if not drained.done():
            drained.cancel()
            _log.warning("not waiting for requests in flight")
            return False
        finished, _ = drained.result()
        _log.info("drained" if finished else "gave up on requests in flight")
        return finished

    @property
    def _stop_file(self) -> Path:
        return self._settings.run_dir / STOP_FILE

    def _clear(self) -> None:
        for pattern in (f"*{SOCKET_SUFFIX}", f"*{PLACE_SUFFIX}*", f"*{WISH_SUFFIX}", f"*{CHANGING_SUFFIX}"):
            for path in self._settings.run_dir.glob(pattern):
                path.unlink(missing_ok=True)
        self._stop_file.unlink(missing_ok=True)

    def _clean(self) -> None:
        self._clear()
        with contextlib.suppress(OSError):
            self._settings.run_dir.rmdir()


def raise_file_limit() -> None:
    """Allow this process and its children as many open files as the system does.

    Every request in flight takes two in the gateway; the usual soft limit of 1,024 is less than `max_in_flight` needs.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, _MAX_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def check_port(host: str, port: int) -> None:
    """Find out before anything is started whether the port is free.

    Raises:
        ConfigurationError: It is taken, or may not be opened.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigurationError(
                f"port {port} on {host} cannot be opened: {error.strerror}. Set EKIBEN_PORT to another one."
            ) from error


def _ip(host: str) -> str:
    """BentoML listens on addresses only, not on names."""
    return "127.0.0.1" if host == "localhost" else host


def _environment(settings: Settings, queue_url: str) -> Mapping[str, str]:
    environment = child_environment()
    environment["EKIBEN_VALKEY_URL"] = queue_url
    environment["EKIBEN_RUN_DIR"] = str(settings.run_dir)
    environment["EKIBEN_HOST"], environment["EKIBEN_ONLY"] = settings.host, ",".join(settings.only)
    environment["BENTOML_DO_NOT_TRACK"] = "True"
    # Set in every image BentoML generates, it would keep a killed worker from being started again.
    environment.pop("BENTOML_CONTAINERIZED", None)
    # With an arena for every thread, glibc keeps much of an unloaded model's memory; tensors have arenas of their own.
    environment.setdefault("MALLOC_ARENA_MAX", "1")
    # BentoML's allocator counts past the GPUs there are; the plan says which worker has which.
    environment["BENTOML_DISABLE_GPU_ALLOCATION"] = "1"
    return environment


async def _end(process: asyncio.subprocess.Process, within_s: float) -> None:
    """Ask BentoML to end; what is left of it after that is killed."""
    below = _below(process.pid)
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), within_s)
    except TimeoutError:
        _log.warning("BentoML does not end; killing it", seconds=within_s)
        below |= _below(process.pid)
    # Workers that outlived it would keep the port and the memory; each is a group of its own.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    for each in below:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    await process.wait()


def _below(pid: int) -> set[psutil.Process]:
    try:
        return set(psutil.Process(pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return set()


def _end_with_parent() -> None:
    """Have Linux send SIGTERM to BentoML when the supervisor is killed and cannot do so itself."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
