"""The system under test: Valkey, two workers, each behind a proxy of its own, and the gateway; all real processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from benchmarks.faults.caller import MODEL
from benchmarks.faults.proxy import Proxy
from benchmarks.faults.receiver import NETWORK, SECRET
from ekiben.jobs import EmbeddedValkey, Store, Sweeper, open_blobs, open_store
from ekiben.settings import Settings, load_settings
from ekiben.worker.host import socket_path

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 2
Process = subprocess.Popen[bytes]
_GONE_WITHIN_S = _UP_WITHIN_S = 300.0
"""A machine that stands still for minutes is no fault of the system's."""


@dataclass(slots=True)
class Worker:
    """One place of a worker, and the process that has it at present."""

    number: int
    proxy: Proxy
    version: str = "1.0.0"
    process: Process | None = None
    faked: dict[str, str] = field(default_factory=dict)
    starts: int = 0


class System:
    """Within the block it runs.

    Args:
        folder: For everything it writes; its path must be short enough for Unix sockets.
        lease_s: Of jobs.
        step_s: What a step of the toy takes.
        bugs: To plant, for the gateway and the workers.
    """

    def __init__(self, folder: Path, *, lease_s: float, step_s: float, bugs: str = "") -> None:
        self.folder, self._step_s, self._bugs = folder, step_s, bugs
        self.valkey = EmbeddedValkey(folder / "valkey", folder / "v.sock")
        self.settings: Settings = load_settings(
            valkey_url=f"unix://{folder / 'v.sock'}",
            state_dir=folder / "state",
            job_lease_s=lease_s,
            run_dir=folder / "none",
        )
        self.gateway_socket, self.full = folder / "gateway.sock", folder / "store-is-full"
        self.notes, self.steps = folder / "notes", folder / "steps"
        self.store: Store = open_store(self.settings)
        self.workers = [
            Worker(number, Proxy(folder / f"p{number}.sock", folder / "v.sock")) for number in range(WORKERS)
        ]
        self._gateway: Process | None = None
        self._sweeping: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.steps.touch()
        await self.valkey.start()
        for worker in self.workers:
            await worker.proxy.start()
            self.start_worker(worker)
        self.start_gateway()
        for worker in self.workers:
            await self.until_up(worker)
        self._sweeping = asyncio.create_task(Sweeper(self.store, open_blobs(self.settings)).run(every_s=0.25))
        return self

    async def __aexit__(self, *_exception: object) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)
        for process in [self._gateway, *(worker.process for worker in self.workers)]:
            if process is not None:
                process.kill()
                process.wait()
        for worker in self.workers:
            await worker.proxy.close()
        await self.store.__aexit__()
        await self.valkey.stop()

    def start_worker(self, worker: Worker) -> None:
        """A new process at a worker's place."""
        worker.starts += 1
        given = {
            "EKIBEN_RUN_DIR": str(self.folder / f"w{worker.number}"),
            "EKIBEN_VALKEY_URL": worker.proxy.url,
            "EKIBEN_CHECKPOINT_STEPS": "2",
            "FAULTS_STEPS": str(self.steps),
            "FAULTS_STORE": str(self.full),
            **worker.faked,
        }
        arguments = ["benchmarks.faults.toy_worker", str(self._step_s), worker.version]
        worker.process = self._start(arguments, f"w{worker.number}.{worker.starts}", given)

    async def until_up(self, worker: Worker) -> None:
        """Wait until it answers, and so takes jobs."""
        assert worker.process is not None
        socket = socket_path(self.folder / f"w{worker.number}", MODEL, worker.process.pid)
        async with asyncio.timeout(_UP_WITHIN_S):
            while not socket.exists():  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.05)

    def start_gateway(self) -> None:
        """A new process of the gateway."""
        given = {
            "EKIBEN_RUN_DIR": str(self.folder / "g"),
            "EKIBEN_VALKEY_URL": self.valkey.url,
            "EKIBEN_WEBHOOK_SECRETS": json.dumps({"*": SECRET, "anonymous": SECRET}),
            "EKIBEN_WEBHOOK_NETWORKS": NETWORK,
        }
        self._gateway = self._start(["benchmarks.faults.gateway", str(self.gateway_socket)], "gateway", given)

    def kill_worker(self, worker: Worker) -> None:
        """As when its machine vanishes."""
        assert worker.process is not None
        worker.process.kill()
        worker.process.wait()

    def kill_gateway(self) -> None:
        """As a worker."""
        assert self._gateway is not None
        self._gateway.kill()
        self._gateway.wait()

    def kill_valkey(self) -> None:
        """It is started again by whoever owns it."""
        if self.valkey.pid:
            os.kill(self.valkey.pid, signal.SIGKILL)

    async def drain_worker(self, worker: Worker) -> int:
        """SIGTERM, as after a notice; returns the exit status."""
        assert worker.process is not None
        worker.process.terminate()
        return await asyncio.to_thread(worker.process.wait, _GONE_WITHIN_S)

    def _start(self, arguments: list[str], name: str, given: dict[str, str]) -> Process:
        settings = {
            "EKIBEN_STATE_DIR": str(self.settings.state_dir),
            "EKIBEN_JOB_LEASE_S": str(self.settings.job_lease_s),
            "FAULTS_NOTES": str(self.notes),
            "FAULTS_BUG": self._bugs,
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            return Process(
                [sys.executable, "-m", *arguments], cwd=ROOT, env={**os.environ, **settings, **given}, stderr=log
            )
