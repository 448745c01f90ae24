"""One run: jobs are handed in while the schedule goes on; when all is quiet again, everybody's notes are read."""

from __future__ import annotations

import asyncio
import math
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.faults.caller import STEPS, Caller, Load
from benchmarks.faults.history import Violation
from benchmarks.faults.nemeses import inflict, possible
from benchmarks.faults.receiver import Receiver
from benchmarks.faults.schedule import Fault, Nemesis, schedule
from benchmarks.faults.stalls import Stalls
from benchmarks.faults.system import WORKERS, System
from benchmarks.faults.verdict import Verdict, judge
from benchmarks.faults.witness import Notes
from benchmarks.harness.criteria import Criterion
from benchmarks.harness.numbers import percentile
from benchmarks.harness.report import Report
from ekiben.jobs import JobQueue, open_blobs

LEASE_S = 3.0
_REDELIVERY_S = 5.0
_STALLED_S = 90.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of what.

    Attributes:
        batch: Jobs handed in at once, every `every_s`.
        bugs: One to plant (`planted`).
    """

    jobs: int
    faults: list[Fault]
    seed: int
    step_s: float = 0.1
    batch: int = 5
    every_s: float = 0.5
    bugs: str = ""

    @property
    def load(self) -> Load:
        """Nobody waits where a bug is planted: for a lost job that would be for ever."""
        return Load(self.jobs, self.batch, self.every_s, is_watched=not self.bugs)


def run(*, quick: bool, seed: int = 1) -> Report:
    """Measure and report."""
    kinds, skipped = possible()
    plan = _plan(quick=quick, seed=seed, kinds=kinds)
    report = Report("faults", "Jobs under faults", quick)
    with TemporaryDirectory(prefix="ek-") as folder:
        verdict = asyncio.run(put_to_test(plan, Path(folder)))
    _report(report, plan, verdict, skipped)
    return report


def _plan(*, quick: bool, seed: int, kinds: list[Nemesis]) -> Plan:
    if quick:
        return Plan(200, schedule(seed, 1, kinds, pause_s=1.0), seed)
    return Plan(10_000, schedule(seed, 6, kinds, pause_s=2.5), seed, step_s=0.02, batch=50, every_s=2.0)


async def put_to_test(plan: Plan, folder: Path) -> Verdict:
    """Run the plan in a folder and judge what was seen."""
    stalls, receiver = Stalls(), Receiver()
    system = System(folder, lease_s=LEASE_S, step_s=plan.step_s, bugs=plan.bugs)
    caller = Caller(system.gateway_socket, Notes(system.notes), receiver.url)
    async with receiver, system, caller:
        watching = asyncio.create_task(stalls.watch())
        calm = asyncio.Event()
        handing = asyncio.create_task(caller.hand_in(plan.load, calm))
        try:
            await inflict(system, plan.faults, _tell)
            calm.set()
            await handing
            await _settle(system, caller, receiver)
            async with asyncio.timeout(_STALLED_S):
                await caller.listened()
        finally:
            handing.cancel()
            watching.cancel()
        return await judge(
            system.store, open_blobs(system.settings), system.notes, system.steps, caller, receiver, stalls, LEASE_S
        )


def _tell(fault: Fault) -> None:
    print(f"{time.monotonic():.1f} {fault.nemesis} {fault.worker}", file=sys.stderr, flush=True)


async def _settle(system: System, caller: Caller, receiver: Receiver) -> None:
    """Wait until all have ended and been told of, or nothing happens; then until a frozen worker has come back."""
    before, last = -1, time.monotonic()
    while time.monotonic() - last < _STALLED_S:
        statistics = await JobQueue(system.store).statistics()
        left = sum(each.waiting + each.delayed + each.running for each in statistics.models)
        left += len(caller.told_by_webhook - receiver.bodies.keys())
        if left != before:
            before, last = left, time.monotonic()
        if not left:
            break
        await asyncio.sleep(0.25)
    await asyncio.sleep(2 * LEASE_S)


def _report(report: Report, plan: Plan, verdict: Verdict, skipped: dict[Nemesis, str]) -> None:
    limit_s = LEASE_S + _REDELIVERY_S
    p99 = percentile(verdict.redeliveries_s, 0.99)
    late = bool(verdict.redeliveries_s) and p99 > limit_s
    broken = Counter(violation for found in verdict.violations.values() for violation in found)
    report.text(
        f"{WORKERS} workers, each behind a wire of its own, Valkey with an append-only file, the gateway, and our own "
        f"client with {verdict.accepted} jobs of {STEPS} steps with a checkpoint every 2; a quarter of them have a "
        f"webhook. Leases of {LEASE_S:g} s. Seed {plan.seed}. "
        f"What the model draws is one colour: the seed's."
    )
    for nemesis, reason in skipped.items():
        report.text(f"Left out: {nemesis}: {reason}.")
    report.criteria += [
        Criterion("jobs accepted", f"{verdict.accepted}", f"≥ {plan.jobs}", met=verdict.accepted >= plan.jobs),
        *(
            Criterion(violation.value, str(broken[violation]), "0", met=not broken[violation])
            for violation in Violation
        ),
        Criterion("redelivery, p99", f"{p99:.1f} s", f"≤ {limit_s:g} s", met=not late),
    ]
    counts = Counter(fault.nemesis for fault in plan.faults)
    report.table("Faults", ("fault", "times"), [(kind, str(times)) for kind, times in sorted(counts.items())])
    report.table("Ends", ("state", "jobs"), [(state, str(count)) for state, count in sorted(verdict.states.items())])
    report.table(
        "Work",
        ("", ""),
        [
            ("steps computed", str(verdict.computed)),
            ("of them again", str(verdict.again)),
            ("leases that ran out", str(verdict.interruptions)),
            ("jobs handed back", str(verdict.handed_back)),
            ("results accepted", str(verdict.published)),
            ("events", str(verdict.events)),
            ("webhooks", str(verdict.webhooks)),
            ("seconds in which the machine itself stood still", f"{verdict.stalled_s:.0f}"),
        ],
    )
    report.table("Redelivery, by second", ("up to", "jobs"), _histogram(verdict.redeliveries_s))
    report.table(
        "Schedule",
        ("after", "fault", "worker"),
        [(f"{fault.after_s:.1f} s", fault.nemesis, str(fault.worker)) for fault in plan.faults],
    )
    report.facts |= {"seed": plan.seed, "schedule": [asdict(fault) for fault in plan.faults]}
    report.facts["violations"] = {job: sorted(found) for job, found in verdict.violations.items()}
    report.facts["redeliveries_s"] = list(verdict.redeliveries_s)


def _histogram(seconds: Sequence[float]) -> list[tuple[str, str]]:
    found = Counter(math.ceil(value) for value in seconds)
    return [(f"{second} s", str(found[second])) for second in sorted(found)]
