"""celery as it is without settings: a message is acknowledged before its job runs."""

from __future__ import annotations

import os

from benchmarks.queues.faults.peers import CONCURRENCY
from benchmarks.queues.faults.peers.celery_peer import app, job

app.conf.update(
    task_acks_late=False, task_reject_on_worker_lost=False, worker_prefetch_multiplier=4, broker_transport_options={}
)
job.acks_late = False


def submit(_url: str, count: int) -> None:
    """Enqueue."""
    for number in range(count):
        job.delay(number)


def work(_url: str) -> None:
    """Run a worker."""
    app.worker_main(["worker", f"--concurrency={CONCURRENCY}", "--loglevel=ERROR", f"--hostname=w{os.getpid()}@%h"])
