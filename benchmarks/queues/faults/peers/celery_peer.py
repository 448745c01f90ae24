"""celery, acknowledging late; unacknowledged messages come back after the visibility timeout."""

from __future__ import annotations

import os
import time

from celery import Celery

from benchmarks.queues.faults import effects
from benchmarks.queues.faults.peers import CONCURRENCY, RECOVERY_S

app = Celery("queues", broker=os.environ["QUEUE_URL"], backend=os.environ["QUEUE_URL"])
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    broker_transport_options={"visibility_timeout": RECOVERY_S},
    broker_connection_retry_on_startup=True,
)


@app.task(name="job", acks_late=True, max_retries=None)
def job(number: int) -> int:
    """The work."""
    effects.begin(number)
    time.sleep(effects.JOB_S)
    effects.end(number)
    return number


def submit(_url: str, count: int) -> None:
    """Enqueue."""
    for number in range(count):
        job.delay(number)


def work(_url: str) -> None:
    """Run a worker with a process for each slot, as is its default."""
    app.worker_main(["worker", f"--concurrency={CONCURRENCY}", "--loglevel=ERROR", f"--hostname=w{os.getpid()}@%h"])
