"""Capacity first, then twice as much for a while, then quiet."""

from __future__ import annotations

import random
from statistics import median
from typing import NamedTuple

from benchmarks.ekiben_server import ekiben_command, embedding_request
from benchmarks.harness.child import run_load
from benchmarks.harness.load import ClosedPlan, OpenPlan, closed_loop
from benchmarks.harness.processes import Server, running
from benchmarks.harness.report import Report
from benchmarks.harness.resources import MemorySampler, MemorySeries
from benchmarks.model import EMBEDDER
from benchmarks.overload.load import Found, Plan, Probe, overload
from benchmarks.overload.tables import Findings, fill
from benchmarks.texts import make_texts

_CALLERS = 64
_TIMES_CAPACITY = 2.0
# The server answers everything within its deadline of 10 s; whoever waits longer has been forgotten.
_HUNG_AFTER_S = 20.0
_PROBES_BEFORE = 20
_PROBE_FOR_S = 8.0


class _Sizes(NamedTuple):
    capacity_s: float
    overload_s: float


def run(*, quick: bool) -> Report:
    """Measure and report."""
    sizes = _Sizes(3.0, 8.0) if quick else _Sizes(30.0, 60.0)
    texts = make_texts(1_024)
    requests = [embedding_request(text) for text in texts]
    order = random.Random(1).sample(range(len(texts)), len(texts))
    # The shortest text: the model's own time is small, so that waiting shows.
    probe = embedding_request(min(texts, key=len))
    report = Report("overload", "Overload: twice the capacity, arrivals that do not wait", quick)
    with running(ekiben_command(EMBEDDER)) as server:
        capacity = _capacity(server, requests, order, sizes.capacity_s)
        load = OpenPlan(server.port, requests, order, _TIMES_CAPACITY * capacity, sizes.overload_s, 1, _HUNG_AFTER_S)
        with MemorySampler(server.tree) as memory:
            outcome = run_load(overload, Plan(load, probe, _PROBES_BEFORE, _PROBE_FOR_S))
    findings = _findings(capacity, outcome.result, outcome.cpu_share, memory.series)
    fill(report, findings)
    return report


def _capacity(server: Server, requests: list[bytes], order: list[int], seconds: float) -> float:
    window = run_load(closed_loop, ClosedPlan(server.port, requests, order, _CALLERS, 2.0, seconds)).result
    answered = [sample for sample in window.samples if sample.reply and sample.reply.status == 200]
    return sum(window.opened <= sample.ended < window.closed for sample in answered) / seconds


def _findings(capacity: float, found: Found, cpu_share: float, memory: MemorySeries) -> Findings:
    seconds = found.window.closed - found.window.opened
    in_window = [s for s in found.window.samples if s.reply and s.reply.status == 200 and s.ended < found.window.closed]
    statuses: dict[str, int] = {}
    for sample in found.window.samples:
        statuses[sample.outcome] = statuses.get(sample.outcome, 0) + 1
    baseline_s = median(probe.took_s for probe in found.before)
    return Findings(
        capacity=capacity,
        offered=len(found.window.samples) / seconds,
        answered=len(in_window) / seconds,
        seconds=seconds,
        statuses=statuses,
        accepted_s=_took(found, 200),
        refused_s=_took(found, 429),
        memory=memory,
        baseline_s=baseline_s,
        normal_after_s=normal_after(found.after, 2 * baseline_s),
        probes=found.after,
        cpu_share=cpu_share,
    )


def _took(found: Found, status: int) -> list[float]:
    return [s.ended - s.started for s in found.window.samples if s.reply and s.reply.status == status]


def normal_after(probes: list[Probe], limit_s: float) -> float | None:
    """When the first of three answers in a row came that were fast enough; None: never."""
    for first, second, third in zip(probes, probes[1:], probes[2:], strict=False):
        if all(probe.status == 200 and probe.took_s <= limit_s for probe in (first, second, third)):
            return first.at_s + first.took_s
    return None
