"""Both models behind the gateway, under mixed and unfriendly load."""

from __future__ import annotations

import time

from benchmarks.ekiben_server import ekiben_command, gauge
from benchmarks.harness.child import run_load
from benchmarks.harness.machine import CORES
from benchmarks.harness.processes import Server, running
from benchmarks.harness.report import Report
from benchmarks.harness.resources import MemorySampler
from benchmarks.model import CLASSIFIER, EMBEDDER, embed_sorted, load_embedder
from benchmarks.soak.load import Plan, soak
from benchmarks.soak.pictures import make_pictures
from benchmarks.soak.requests import Mix
from benchmarks.soak.tables import Findings, fill
from benchmarks.texts import make_texts

_CALLERS = 64
_WHOLE_S, _QUICK_S = 300.0, 15.0
_SETTLE_S = 10.0
_IN_FLIGHT, _QUEUED = "ekiben_requests_in_flight", "ekiben_queue_items"


def run(*, quick: bool) -> Report:
    """Measure and report."""
    texts = make_texts(256)
    mix = Mix(texts, embed_sorted(load_embedder(CORES), texts), make_pictures(3))
    seconds = _QUICK_S if quick else _WHOLE_S
    report = Report("soak", "Soak: mixed work, callers who leave, requests that are wrong", quick)
    with running(ekiben_command(EMBEDDER, CLASSIFIER)) as server:
        # The request for the metrics is in flight itself.
        idle = gauge(server.port, _IN_FLIGHT)
        with MemorySampler(server.tree, every_s=1.0) as memory:
            outcome = run_load(soak, Plan(server.port, mix, _CALLERS, seconds, seed=11))
        in_flight, queued = _settled(server, idle)
    fill(report, Findings(seconds, outcome.result, outcome.cpu_share, memory.series, in_flight, queued))
    return report


def _settled(server: Server, idle: float) -> tuple[float, float]:
    """Requests in flight beyond the idle number, and items queued, once both are zero or time is up."""
    give_up = time.monotonic() + _SETTLE_S
    while True:
        in_flight, queued = gauge(server.port, _IN_FLIGHT) - idle, gauge(server.port, _QUEUED)
        if not (in_flight or queued) or time.monotonic() > give_up:
            return in_flight, queued
        time.sleep(0.25)
