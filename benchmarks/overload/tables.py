"""What overload did, as targets and tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from benchmarks.harness.criteria import Criterion
from benchmarks.harness.numbers import percentile
from benchmarks.harness.report import Report
from benchmarks.harness.resources import MemorySeries
from benchmarks.overload.load import Probe

_LEAST_ANSWERED = 0.9
# A refusal is only worth something while the caller can still go elsewhere.
_SLOWEST_REFUSAL_S = 1.0
_MOST_GROWTH = 0.05
_NORMAL_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything measured; rates a second, times in seconds."""

    capacity: float
    offered: float
    answered: float
    seconds: float
    statuses: dict[str, int]
    accepted_s: list[float]
    refused_s: list[float]
    memory: MemorySeries
    baseline_s: float
    normal_after_s: float | None
    probes: list[Probe]
    cpu_share: float


def fill(report: Report, found: Findings) -> None:
    """Targets, tables, and the numbers for JSON."""
    start, middle, end = _memory(found)
    report.criteria += _criteria(report, found)
    report.text(
        "`ekiben serve` with one embedding model and its default settings. Capacity: 64 callers who each wait for "
        f"their answer. Then arrivals at twice that rate (Poisson) for {found.seconds:.0f} s, whatever becomes of "
        "them, without a deadline of their own (the model’s is 10 s); then one caller alone, every 250 ms. The load "
        f"generator runs on the same cores and took {found.cpu_share:.0%} of one."
    )
    rows = [
        ["capacity, requests/s", f"{found.capacity:.0f}"],
        ["offered, requests/s", f"{found.offered:.0f}"],
        ["answered, requests/s", f"{found.answered:.0f}"],
        *([f"status {status}", str(count)] for status, count in sorted(found.statuses.items())),
        ["time to 200, p50 / p99", _times(found.accepted_s)],
        ["time to 429, p50 / p99", _times(found.refused_s)],
        ["memory of all server processes, start / middle / end", f"{start:.0f} / {middle:.0f} / {end:.0f} MiB"],
        ["one caller before", f"{found.baseline_s * 1_000:.1f} ms"],
        ["one caller after, within twice that", _after(found.normal_after_s)],
    ]
    report.table("Measured", ["", ""], rows)
    report.facts = {**asdict(found), "accepted_s": _summary(found.accepted_s), "refused_s": _summary(found.refused_s)}


def _criteria(report: Report, found: Findings) -> list[Criterion]:
    share = found.answered / found.capacity
    others = {status: count for status, count in found.statuses.items() if status not in ("200", "429")}
    p99 = percentile(found.refused_s, 0.99) if found.refused_s else 0.0
    _, middle, end = _memory(found)
    growth = end / middle - 1
    normal = found.normal_after_s
    lasting = not report.quick
    return [
        Criterion("answered, of the capacity", f"{share:.2f}", f"≥ {_LEAST_ANSWERED}", share >= _LEAST_ANSWERED),
        Criterion("answers other than 200 and 429", str(others or 0), "0", not others),
        Criterion("time to 429, p99", f"{p99 * 1e3:.0f} ms", f"≤ {_SLOWEST_REFUSAL_S:g} s", p99 <= _SLOWEST_REFUSAL_S),
        Criterion(
            "memory, end over middle", f"{growth:+.1%}", f"≤ {_MOST_GROWTH:.0%}", growth <= _MOST_GROWTH, lasting
        ),
        Criterion(
            "one caller back to normal",
            _after(normal),
            f"within {_NORMAL_WITHIN_S:g} s",
            normal is not None and normal <= _NORMAL_WITHIN_S,
        ),
    ]


def _memory(found: Findings) -> tuple[float, float, float]:
    """At the start, in the middle and at the end of the load, the quiet time after it left out."""
    loaded = found.seconds / found.memory.seconds[-1]
    return (
        found.memory.mib[0],
        found.memory.between(0.4 * loaded, 0.6 * loaded),
        found.memory.between(0.8 * loaded, loaded),
    )


def _times(seconds: list[float]) -> str:
    return f"{percentile(seconds, 0.5) * 1e3:.0f} / {percentile(seconds, 0.99) * 1e3:.0f} ms" if seconds else "none"


def _after(seconds: float | None) -> str:
    return "never" if seconds is None else f"after {seconds:.2f} s"


def _summary(seconds: list[float]) -> dict[str, float]:
    return {f"p{share:g}": percentile(seconds, share / 100) for share in (50, 95, 99, 100)} if seconds else {}
