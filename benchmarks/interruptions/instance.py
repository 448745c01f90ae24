"""One instance: a platform with the model's worker, the agent beside it, and its metadata service."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx
import psutil

from benchmarks.harness.ports import HOST, free_port
from ekiben.testing.instance_metadata import InstanceMetadata

ROOT: Final = Path(__file__).resolve().parents[2]
MODEL: Final = "emoji-128"
COMMAND: Final = [sys.executable, "-c", "from ekiben.cli.main import main; main()"]
Process = subprocess.Popen[bytes]
_UP_WITHIN_S: Final = 240.0
_DRAINED_WITHIN_S: Final = 115.0


class Instance:
    """One place of an instance; each one that is taken is replaced by a new one after a cold start.

    Args:
        folder: For everything it writes; short enough for Unix sockets.
        number: From 0.
        shared: Settings of all instances.

    Attributes:
        starts: How many there have been.
        cold_starts_s: From the beginning of each to its readiness.
    """

    def __init__(self, folder: Path, number: int, shared: Mapping[str, str]) -> None:
        self.folder, self.number, self._shared = folder, number, shared
        self.metadata = InstanceMetadata()
        self.is_ready = False
        self.starts = 0
        self.cold_starts_s: list[float] = []
        self._port, self._worker_port = free_port(), free_port()
        self._platform: Process | None = None
        self.agent: Process | None = None

    @property
    def name(self) -> str:
        """Of the present one."""
        return f"i-{self.number}.{self.starts}"

    async def start(self) -> None:
        """Begin anew, and return when it is ready."""
        self.starts += 1
        began = time.monotonic()
        self._port, self._worker_port = free_port(), free_port()
        self.metadata = await InstanceMetadata(f"i-{self.number:08x}{self.starts:09x}").__aenter__()
        settings = {
            **os.environ,
            **self._shared,
            "EKIBEN_RUN_DIR": str(self.folder / f"i{self.number}"),
            "EKIBEN_STATE_DIR": str(self.folder / f"s{self.number}"),
            "EKIBEN_PORT": str(self._port),
            "EKIBEN_ONLY": MODEL,
            "EKIBEN_WORKER_LISTEN": f"{HOST}:{self._worker_port}",
            "EKIBEN_WORKER_ADVERTISE": f"http://{HOST}:{self._worker_port}",
            "EKIBEN_INSTANCE": self.name,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.metadata.url,
        }
        self._platform = self._spawn("serve", settings)
        self.agent = self._spawn("agent", settings)
        await self._until_ready()
        self.is_ready = True
        self.cold_starts_s.append(time.monotonic() - began)

    async def drained(self) -> tuple[bool, float]:
        """Wait until the agent has ended; returns whether every step succeeded, and for how many seconds it took."""
        assert self.agent is not None
        began = time.monotonic()
        try:
            status = await asyncio.to_thread(self.agent.wait, _DRAINED_WITHIN_S)
        except subprocess.TimeoutExpired:
            return False, _DRAINED_WITHIN_S
        return status == 0, time.monotonic() - began

    def processes(self) -> list[psutil.Process]:
        """All of it, parents first, so that none is left that starts another."""
        return [process for root in (self._platform, self.agent) if root for process in _tree(root.pid)]

    async def vanish(self) -> None:
        """Every process of it is gone at once, none with a goodbye."""
        self.is_ready = False
        everyone = self.processes()
        for number in (signal.SIGSTOP, signal.SIGKILL):  # Else one could see another end.
            for process in everyone:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(number)
        for root in (self._platform, self.agent):
            if root is not None:
                await asyncio.to_thread(root.wait)
        await self.metadata.__aexit__()

    def log(self, name: str) -> Path:
        """What a process of this start writes."""
        return self.folder / f"i{self.number}.{self.starts}.{name}.log"

    def _spawn(self, name: str, settings: Mapping[str, str]) -> Process:
        with self.log(name).open("wb") as log:
            return Process([*COMMAND, name], cwd=ROOT, env=settings, stdout=log, stderr=log, start_new_session=True)

    async def _until_ready(self) -> None:
        async with asyncio.timeout(_UP_WITHIN_S), httpx.AsyncClient(trust_env=False) as http:
            while True:
                with suppress(httpx.HTTPError):
                    if (await http.get(f"http://{HOST}:{self._port}/readyz")).status_code == httpx.codes.OK:
                        return
                assert self._platform is not None
                if self._platform.poll() is not None:
                    raise RuntimeError(f"an instance ended by itself:\n{self.log('serve').read_text()[-3_000:]}")
                await asyncio.sleep(0.1)


def _tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
