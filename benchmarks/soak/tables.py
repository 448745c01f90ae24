"""What the soak did, as targets and tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from benchmarks.harness.criteria import Criterion
from benchmarks.harness.report import Report
from benchmarks.harness.resources import MemorySeries
from benchmarks.soak.load import Tally
from benchmarks.texts import LONGEST_WORDS, SHORTEST_WORDS

# Of the memory in the middle of the run, for each minute; what the allocators still gather in five minutes is below.
_MOST_SLOPE = 0.01
_SETTLED_FROM = 0.4


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything measured."""

    seconds: float
    tally: Tally
    cpu_share: float
    memory: MemorySeries
    in_flight: float
    queued: float


def fill(report: Report, found: Findings) -> None:
    """Targets, tables, and the numbers for JSON."""
    tally, memory = found.tally, found.memory
    middle, slope = memory.between(0.4, 0.6), memory.slope_mib_per_minute(_SETTLED_FROM)
    relative = slope / middle
    faults = tally.faults.total()
    said = "; ".join(f"{count} × {fault}" for fault, count in tally.faults.most_common(5))
    flat = relative <= _MOST_SLOPE
    report.criteria += [
        Criterion("wrong, crossed or lost answers", f"{faults}" + (f" ({said})" if said else ""), "0", not faults),
        Criterion("requests in flight afterwards", f"{found.in_flight:g}", "0", not found.in_flight),
        Criterion("items queued afterwards", f"{found.queued:g}", "0", not found.queued),
        Criterion("memory’s slope a minute", f"{relative:+.2%}", f"≤ {_MOST_SLOPE:.0%}", flat, not report.quick),
    ]
    report.text(
        f"`ekiben serve` with both models and default settings; 64 callers for {found.seconds:.0f} s. 87 % of the "
        f"requests are texts of {SHORTEST_WORDS} to {LONGEST_WORDS} words, 10 % pictures, 3 % wrong in one of seven "
        "ways. One in twenty callers closes the connection while sending or within 250 ms after it. "
        "Every answer is checked against its own request: "
        "a vector’s cosine to the one computed in process is at least 0.999, a picture’s first class is the "
        "same, a wrong request gets the status it should. The memory’s slope is that of a straight line through the "
        f"last {1 - _SETTLED_FROM:.0%} of the run. The load generator runs on the same cores and took "
        f"{found.cpu_share:.0%} of one."
    )
    answered = tally.answered.total()
    rows = [
        ["answered, requests/s", f"{answered / found.seconds:.0f}"],
        *([f"status {status}", str(count)] for status, count in sorted(tally.answered.items())),
        ["left while sending", str(tally.left_sending)],
        ["left while waiting", str(tally.left_waiting)],
        ["memory of all server processes, start", f"{memory.mib[0]:.0f} MiB"],
        ["middle", f"{middle:.0f} MiB"],
        ["end", f"{memory.between(0.9, 1):.0f} MiB"],
        ["slope", f"{slope:+.2f} MiB a minute"],
    ]
    report.table("Measured", ["", ""], rows)
    report.facts = {
        "seconds": found.seconds,
        "answered": dict(tally.answered),
        "faults": dict(tally.faults),
        "left": {"sending": tally.left_sending, "waiting": tally.left_waiting},
        "generator_share": found.cpu_share,
        "memory": asdict(memory),
        "in_flight": found.in_flight,
        "queued": found.queued,
    }
