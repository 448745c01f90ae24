"""What the comparison found, against its targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import NamedTuple

from benchmarks.harness.criteria import Criterion
from benchmarks.harness.numbers import spread
from benchmarks.harness.report import Report
from benchmarks.text_to_image.engine import Pace
from benchmarks.text_to_image.load import Found
from benchmarks.text_to_image.workload import SHORT

_OVERHEAD = 0.03
_STEP_MS = 50.0


class Round(NamedTuple):
    """By server: arrivals that do not wait, and callers who do."""

    opened: dict[str, Found]
    closed: dict[str, Found]


class Findings(NamedTuple):
    """Everything; `capacity` is the serial server's, in pictures per second."""

    subject: str
    capacity: float
    offered: float
    callers: int
    rounds: Sequence[Round]
    overhead: Pace


def fill(report: Report, found: Findings) -> None:
    """Write targets, tables and facts."""
    per_second = _ratio(found, lambda one: one.opened["ekiben"].per_second, lambda one: one.opened["serial"].per_second)
    short = _ratio(found, lambda one: one.opened["ekiben"].short_p99_s, lambda one: one.opened["serial"].short_p99_s)
    closed = _ratio(found, lambda one: one.closed["ekiben"].per_second, lambda one: one.closed["serial"].per_second)
    faults = [fault for one in found.rounds for kind in one for result in kind.values() for fault in result.faults]
    judged = not report.quick
    long_enough = found.overhead.step_ms >= _STEP_MS
    report.criteria += [
        Criterion("open loop: images/s ÷ serial", f"{per_second:.2f}", "≥ 1.00", round(per_second, 2) >= 1, judged),
        Criterion(f"open loop: p99 of {SHORT} steps ÷ serial", f"{short:.2f}", "≤ 0.50", short <= 0.5, judged),
        Criterion(
            f"{found.callers} callers: images/s ÷ serial", f"{closed:.2f}", "≥ 1.00", round(closed, 2) >= 1, judged
        ),
        Criterion(
            f"engine beside computing, of a step of {found.overhead.step_ms:.0f} ms",
            f"{found.overhead.overhead_share:.1%}",
            "≤ 3 % at 50 ms or more",
            long_enough and found.overhead.overhead_share <= _OVERHEAD,
            judged,
        ),
        Criterion("requests without a picture", str(len(faults)), "0", not faults, judged),
    ]
    report.text(
        f"Model: {found.subject}. Open loop: Poisson arrivals at {found.offered:.0%} of the serial server's capacity of"
        f" {found.capacity:.2f} images/s. Median over {len(found.rounds)} rounds, in brackets lowest and highest."
    )
    for title, kind in (("Arrivals that do not wait", "opened"), (f"{found.callers} callers who wait", "closed")):
        report.table(
            title,
            ("server", "images/s", f"p50 of {SHORT} steps, s", f"p99 of {SHORT} steps, s", "p99 of all, s", "failed"),
            [_row(name, [getattr(one, kind)[name] for one in found.rounds]) for name in found.rounds[0].opened],
        )
    report.facts |= {
        "capacity": found.capacity,
        "rounds": [
            {kind: {name: result._asdict() for name, result in getattr(one, kind).items()} for kind in one._fields}
            for one in found.rounds
        ],
        "overhead": found.overhead._asdict(),
    }


def _ratio(found: Findings, ours: Callable[[Round], float], theirs: Callable[[Round], float]) -> float:
    """Round by round, so that what slows a whole round slows both."""
    return median(ours(one) / theirs(one) for one in found.rounds)


def _row(name: str, results: Sequence[Found]) -> list[str]:
    return [
        name,
        spread([one.per_second for one in results]).text(3),
        spread([one.short_p50_s for one in results]).text(2),
        spread([one.short_p99_s for one in results]).text(2),
        spread([one.p99_s for one in results]).text(2),
        str(sum(len(one.faults) for one in results)),
    ]
