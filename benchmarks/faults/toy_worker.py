"""A worker process: the real host, listener, intake, lease and store around a toy that draws one colour.

    python -m benchmarks.faults.toy_worker STEP_S VERSION

The settings come from the environment, as any worker's. Besides:
    FAULTS_STEPS    file that gets a line for each step that is computed
    FAULTS_NOTES    folder for what it was answered; unset: nothing is written down
    FAULTS_STORE    a file; while it is there, nothing can be stored
    FAULTS_BUG      a bug to plant, see `planted`
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from benchmarks.faults.planted import open_with_bug
from benchmarks.faults.witness import Notes, WitnessedLeasing
from ekiben.devices.machine import Machine
from ekiben.devices.planner import make_plan
from ekiben.jobs import Leasing, ObjectBlobs, open_blobs
from ekiben.settings import Settings, load_settings
from ekiben.telemetry.logs import configure_logging
from ekiben.testing.images import ToyImageGenerator, toy_image_card
from ekiben.worker.host import ModelHost
from ekiben.worker.image_servable import loads
from ekiben.worker.jobs.hosting import JobHosting, worker_name
from ekiben.worker.lifecycle import Lifecycle


class FullStore:
    """Blobs on a disk that has no room while a file is there."""

    def __init__(self, blobs: ObjectBlobs, sign: Path) -> None:
        self.get, self.delete, self.list = blobs.get, blobs.delete, blobs.list
        self._blobs, self._sign = blobs, sign

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        """See `Blobs`."""
        if self._sign.exists():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        await self._blobs.put(key, data, media_type)


def _host_jobs(model: str, lifecycle: Lifecycle[Any], settings: Settings) -> JobHosting:
    """As a worker's own, but for what writes down, and what can be out of order."""
    store, name = open_with_bug(settings, os.environ.get("FAULTS_BUG", "")), worker_name()
    notes, sign = os.environ.get("FAULTS_NOTES"), os.environ.get("FAULTS_STORE")
    witnessed = WitnessedLeasing(store, model, name, notes=Notes(Path(notes))) if notes else None
    blobs = open_blobs(settings)
    leasing = witnessed or Leasing(store, model, name)
    return JobHosting(store, leasing, FullStore(blobs, Path(sign)) if sign else blobs, lifecycle)


async def main(step_s: float, version: str) -> None:
    """Serve until SIGTERM."""
    settings = load_settings()
    configure_logging("json", "info", sys.stderr, log_content=False)
    card = toy_image_card(version=version)
    steps = os.open(os.environ["FAULTS_STEPS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def stepped(seed: int, step: int) -> None:
        os.write(steps, f"{os.getpid()} {seed} {step}\n".encode())

    def make(_: CollectorRegistry) -> ToyImageGenerator:
        return ToyImageGenerator(step_s, version, stepped)

    place = make_plan([card], Machine(threads=2, memory_gib=8.0, gpus=())).of(card.name)
    host = ModelHost(card, loads(card, make, settings), place, settings, _host_jobs)
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    await host.start()
    await stopping.wait()
    await host.stop()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), sys.argv[2]))
