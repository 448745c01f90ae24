"""One run: callers ask while instances are taken; when all is calm, the queue is asked what became of the jobs."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.harness.report import Report
from benchmarks.interruptions.load import Load, Rates
from benchmarks.interruptions.outcome import Outcome, Plan
from benchmarks.interruptions.report import describe
from benchmarks.interruptions.schedule import LONG, SHORT, schedule
from benchmarks.interruptions.system import System
from benchmarks.interruptions.takers import Takers
from benchmarks.interruptions.verdict import judge, settled
from ekiben.jobs import JobQueue, open_blobs
from ekiben.settings import load_settings

INSTANCES = 3


def short_plan(seed: int) -> Plan:
    """Two minutes."""
    return Plan(schedule(seed, SHORT, 120.0), seed)


def long_plan(seed: int) -> Plan:
    """Ten minutes; with so many requests that none that fails says something of one in a thousand."""
    return Plan(schedule(seed, LONG, 600.0), seed, Rates(request_every_s=0.2))


def run(*, quick: bool, seed: int = 1) -> Report:
    """Measure and report."""
    plan = short_plan(seed) if quick else long_plan(seed)
    report = Report("interruptions", "Pictures and jobs while instances are taken", quick)
    with TemporaryDirectory(prefix="ek-") as folder:
        outcome = asyncio.run(put_to_test(plan, Path(folder)))
    describe(report, plan, outcome)
    return report


async def put_to_test(plan: Plan, folder: Path) -> Outcome:
    """Run the plan in a folder."""
    system = System(folder, INSTANCES)
    async with system, system.store() as store, Load(system.url, plan.rates) as load:
        takers, calm = Takers(system, JobQueue(store), random.Random(plan.seed)), asyncio.Event()
        began = time.monotonic()
        asking = asyncio.create_task(load.until(calm))
        try:
            await takers.inflict(plan.blows)
        finally:
            calm.set()
            await asking
        seconds = time.monotonic() - began
        blobs = open_blobs(load_settings(objects=str(system.objects)))
        await settled(store, load.jobs)
        verdict = await judge(store, blobs, load.jobs)
    starts = [start_s for instance in system.instances for start_s in instance.cold_starts_s[1:]]
    return Outcome(verdict, takers.taken, load, starts, seconds, INSTANCES)
