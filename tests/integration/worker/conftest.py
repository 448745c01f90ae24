"""Worker processes on a real queue, to be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from ekiben.inference.image_frames import settings_document
from ekiben.inference.image_generation import ImageSettings
from ekiben.jobs import EmbeddedValkey, Job, JobQueue, Store, Submission, Sweeper, open_store
from ekiben.settings import Settings, load_settings

PROJECT = Path(__file__).resolve().parents[3]
_PATIENCE_S = 60.0


@dataclass
class WorkerProcess:
    """One worker."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        return self.process.wait(30)


@dataclass
class Works:
    """A queue, its sweeper, and workers."""

    folder: Path
    settings: Settings
    store: Store
    workers: list[WorkerProcess] = field(default_factory=list)

    @property
    def queue(self) -> JobQueue:
        return JobQueue(self.store)

    def start_worker(self, step_s: float = 0.02, version: str = "1.0.0", **environment: str) -> WorkerProcess:
        """Another worker of `toy-image`, which is a toy."""
        return self.start("benchmarks.faults.toy_worker", str(step_s), version, **environment)

    def start(self, program: str, *arguments: str, **environment: str) -> WorkerProcess:
        """Another worker of `toy-image`, whatever that is."""
        number = len(self.workers)
        assert self.settings.valkey_url is not None
        given = {
            "EKIBEN_RUN_DIR": str(self.folder / f"w{number}"),
            "EKIBEN_STATE_DIR": str(self.settings.state_dir),
            "EKIBEN_VALKEY_URL": self.settings.valkey_url.get_secret_value(),
            "EKIBEN_JOB_LEASE_S": str(self.settings.job_lease_s),
            "EKIBEN_CHECKPOINT_STEPS": "2",
            "FAULTS_STEPS": str(self.folder / "steps"),
        }
        log = self.folder / f"w{number}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", program, *arguments],
                cwd=PROJECT,
                env={**os.environ, **given, **environment},
                stderr=output,
            )
        self.workers.append(WorkerProcess(process, log))
        return self.workers[-1]

    async def submit(
        self, prompt: str = "a cat", steps: int = 10, seed: int = 7, n: int = 1, scheduler: str = "ddim", **more: Any
    ) -> str:
        """One image job."""
        settings = ImageSettings(prompt, 32, 32, steps, 3.0, seed, scheduler, n=n)
        inline = {"settings": settings_document(settings)}
        submission = Submission(model="toy-image", task="text-to-image", principal="p", inline=inline, **more)
        return (await self.queue.submit(submission)).id

    async def until(self, job_id: str, holds: Callable[[Job], bool]) -> Job:
        """Wait until something holds of a job."""

        async def ask() -> Job:
            while True:
                job = await self.queue.get(job_id)
                if holds(job):
                    return job
                await asyncio.sleep(0.02)

        try:
            return await asyncio.wait_for(ask(), _PATIENCE_S)
        except TimeoutError:
            logs = "\n".join(worker.log.read_text() for worker in self.workers)
            pytest.fail(f"{await self.queue.get(job_id)}\n{logs[-6_000:]}")

    async def ended(self, job_id: str) -> Job:
        """Wait for its end."""
        return await self.until(job_id, lambda job: job.state.terminal)

    async def kinds(self, job_id: str) -> list[str]:
        """Kinds of its events, without those of progress."""
        entries = await self.store.read_stream(self.store.key("events", job_id), "0")
        return [fields["kind"] for _, fields in entries if fields["kind"] not in ("step", "checkpointed")]

    async def until_computed(self, seed: int, step: int) -> None:
        """Wait until a step of a seed was computed."""
        async with asyncio.timeout(_PATIENCE_S):
            while max((found for _, found in self.computed(seed)), default=0) < step:  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.02)

    def computed(self, seed: int = 7) -> list[tuple[int, int]]:
        """Process and step of all that was computed for a seed, in order."""
        steps = self.folder / "steps"
        lines = [line.split() for line in steps.read_text().splitlines()] if steps.exists() else []
        return [(int(pid), int(step)) for pid, found, step in lines if int(found) == seed]


@pytest.fixture
async def works(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Works]:
    """A queue with a lease of a second and a half, its sweeper, no workers yet."""
    folder = tmp_path_factory.mktemp("w")
    server = EmbeddedValkey(folder / "valkey", folder / "v.sock")
    await server.start()
    settings = load_settings(
        valkey_url=SecretStr(server.url), state_dir=folder / "state", job_lease_s=1.5, run_dir=folder / "none"
    )
    async with open_store(settings) as store:
        sweeping = asyncio.create_task(Sweeper(store).run(every_s=0.1))
        found = Works(folder, settings, store)
        try:
            yield found
        finally:
            for worker in found.workers:
                worker.process.kill()
                worker.process.wait()
            sweeping.cancel()
            await asyncio.gather(sweeping, return_exceptions=True)
            await server.stop()
