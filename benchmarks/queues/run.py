"""What a job costs: handing in, being picked up, and whether many that wait make each one dearer."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.harness.criteria import Criterion
from benchmarks.harness.numbers import percentile
from benchmarks.harness.report import Report
from benchmarks.queues.measure import costs_ms, pickups_ms, submitted_per_s
from benchmarks.queues.peers import LIBRARIES, speed
from ekiben.jobs import EmbeddedValkey, QueueRules, Store

_BATCH = 500
_RULES = QueueRules(max_waiting=1_000_000, max_waiting_each=1_000_000)


def run(*, quick: bool) -> Report:
    """Measure and report."""
    report = Report("queues", "The queue of jobs: throughput, pickup, cost by length", quick)
    with TemporaryDirectory() as folder:
        asyncio.run(_measure(report, Path(folder), quick=quick))
    return report


async def _measure(report: Report, folder: Path, *, quick: bool) -> None:
    server = EmbeddedValkey(folder / "state", folder / "v.sock")
    await server.start()
    try:
        await _throughput(report, server.url, jobs=2_000 if quick else 50_000)
        await _pickup(report, server.url, jobs=50 if quick else 1_000)
        await _by_length(report, server.url, (100, 1_000) if quick else (100, 1_000, 10_000, 100_000))
    finally:
        await server.stop()
    await asyncio.to_thread(_peers, report, ("ekiben", "arq") if quick else LIBRARIES, 200 if quick else 2_000)


def _peers(report: Report, libraries: tuple[str, ...], jobs: int) -> None:
    found = {library: speed(library, jobs) for library in libraries}
    report.table(
        f"{jobs:,} jobs that do nothing but leave two marks, each as its library hands it in and does it",
        ("queue", "handed in a second", "done a second by two workers"),
        [(library, f"{each.submitted:,.0f}", f"{each.done:,.0f}") for library, each in found.items()],
    )
    report.facts["peers"] = {library: each._asdict() for library, each in found.items()}


def _store(url: str) -> Store:
    return Store(url, queue=uuid.uuid4().hex, rules=_RULES)


async def _throughput(report: Report, url: str, jobs: int) -> None:
    rows = []
    for batch in (1, 10, 100, _BATCH):
        async with _store(url) as store:
            rows.append((batch, await submitted_per_s(store, max(batch, jobs * batch // _BATCH), batch)))
    report.table("Submissions", ("jobs in one call", "jobs/s"), [(str(batch), f"{rate:,.0f}") for batch, rate in rows])
    best = rows[-1][1]
    report.criteria.append(
        Criterion("submissions in batches", f"{best:,.0f}/s", "≥ 2,000/s", met=best >= 2_000, judged=not report.quick)
    )
    report.facts["submitted_per_s"] = dict(rows)


async def _pickup(report: Report, url: str, jobs: int) -> None:
    async with _store(url) as store:
        found = await pickups_ms(store, jobs)
    median, p99 = percentile(found, 0.5), percentile(found, 0.99)
    report.text(
        f"An idle worker has a job {median:.1f} ms after its submission began (median of {jobs}; p99 {p99:.1f})."
    )
    report.criteria.append(
        Criterion("pickup by an idle worker", f"{median:.1f} ms", "≤ 10 ms", met=median <= 10, judged=not report.quick)
    )
    report.facts["pickup_ms"] = {"median": median, "p99": p99}


async def _by_length(report: Report, url: str, lengths: tuple[int, ...]) -> None:
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(_store(url)) for _ in lengths]
        for store, waiting in zip(stores, lengths, strict=True):
            await submitted_per_s(store, waiting, min(waiting, _BATCH))
        rounds = await costs_ms(stores)
    costs = [median(found) for found in zip(*rounds, strict=True)]
    ratios = [
        median(cost / found[0] for cost, found in zip(each, rounds, strict=True)) for each in zip(*rounds, strict=True)
    ]
    rows = [
        (f"{waiting:,}", f"{cost:.2f}", f"{ratio:.2f}")
        for waiting, cost, ratio in zip(lengths, costs, ratios, strict=True)
    ]
    report.table(
        f"A job's whole way with others waiting; medians of {len(rounds)} rounds",
        ("waiting", "ms", "times the shortest"),
        rows,
    )
    spread = max(abs(ratio - 1) for ratio in ratios)
    report.criteria.append(
        Criterion("cost by length", f"± {spread:.0%}", "± 20 %", met=spread <= 0.2, judged=not report.quick)
    )
    report.facts["cost_ms"] = dict(zip(lengths, costs, strict=True))
