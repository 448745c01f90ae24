"""dramatiq: workers beat; what those that stopped had is put back."""

from __future__ import annotations

import os
import time

import dramatiq
from dramatiq import Worker
from dramatiq.brokers.redis import RedisBroker

from benchmarks.queues.faults import effects
from benchmarks.queues.faults.peers import CONCURRENCY, MAX_TRIES, RECOVERY_S

broker = RedisBroker(url=os.environ["QUEUE_URL"], heartbeat_timeout=RECOVERY_S * 1_000, maintenance_chance=100_000)
dramatiq.set_broker(broker)


@dramatiq.actor(max_retries=MAX_TRIES, min_backoff=500, max_backoff=2_000)
def job(number: int) -> None:
    """The work."""
    effects.begin(number)
    time.sleep(effects.JOB_S)
    effects.end(number)


def submit(_url: str, count: int) -> None:
    """Enqueue."""
    for number in range(count):
        job.send(number)


def work(_url: str) -> None:
    """Run a worker with a thread for each slot."""
    worker = Worker(broker, worker_threads=CONCURRENCY)
    worker.start()
    while True:
        time.sleep(1)
