"""Kills, then freezes, for every library; tables of what was lost and what was done twice."""

from __future__ import annotations

import sys
from dataclasses import asdict

from benchmarks.harness.criteria import Criterion
from benchmarks.harness.report import Report
from benchmarks.queues.faults.environments import REQUIREMENTS
from benchmarks.queues.faults.inflict import Outcome, Schedule, inflict
from benchmarks.queues.faults.peers import CONCURRENCY, RECOVERY_S

_OURS = "ekiben"
_COLUMNS = ("queue", "jobs", "lost", "effect twice", "begun again", "result accepted twice", "all done after")


def run(*, quick: bool) -> Report:
    """Measure and report."""
    kill = Schedule(jobs=100, kills=2, every_s=1.0) if quick else Schedule(jobs=1_000, kills=12, every_s=1.0)
    freeze = Schedule(jobs=60 if quick else 300, kills=0, every_s=1.0, freeze_s=3.0 * RECOVERY_S)
    libraries = (_OURS, "arq") if quick else (_OURS, *REQUIREMENTS)
    report = Report("queues.faults", "Jobs lost and doubled", quick)
    report.text(
        f"Two workers with {CONCURRENCY} slots each. A worker counts as dead after about {RECOVERY_S} s where "
        "that can be set. What has not ended when nothing has for 45 s counts as lost. An effect is a mark that a job "
        "leaves at its end; a job that is killed between its effect and its acknowledgement leaves it twice under "
        "every queue that delivers at least once. Only a queue that compares fences can refuse the second result."
    )
    killed = _measure(report, f"{kill.kills} workers killed (SIGKILL) and started again", libraries, kill)
    frozen = _measure(report, f"One worker frozen for {freeze.freeze_s:g} s (SIGSTOP, SIGCONT)", libraries, freeze)
    lost = killed[_OURS].lost + frozen[_OURS].lost
    twice = (killed[_OURS].published_again or 0) + (frozen[_OURS].published_again or 0)
    report.criteria += [
        Criterion("jobs of ours lost", str(lost), "0", met=lost == 0),
        Criterion("results of ours accepted twice", str(twice), "0", met=twice == 0),
    ]
    return report


def _measure(report: Report, title: str, libraries: tuple[str, ...], schedule: Schedule) -> dict[str, Outcome]:
    outcomes: dict[str, Outcome] = {}
    for library in libraries:
        outcomes[library] = inflict(library, schedule)
        print(f"{library}: {outcomes[library]}", file=sys.stderr, flush=True)
    rows = [
        (
            " ".join([library, *(REQUIREMENTS.get(library, ["ekiben"])[0].partition("==")[2:])]).strip(),
            str(schedule.jobs),
            str(found.lost),
            str(found.again),
            str(found.begun_again),
            "cannot tell" if found.published_again is None else str(found.published_again),
            f"{found.took_s:.0f} s",
        )
        for library, found in outcomes.items()
    ]
    report.table(title, _COLUMNS, rows)
    report.facts[title] = {library: asdict(found) for library, found in outcomes.items()}
    return outcomes
