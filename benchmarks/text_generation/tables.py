"""What the comparison found, as targets and tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import TypeAlias

from benchmarks.harness.criteria import Criterion
from benchmarks.harness.numbers import Spread, percentile, spread
from benchmarks.harness.report import Report
from benchmarks.text_generation.load import Found

# By server, and whether answers were streamed.
Round: TypeAlias = Mapping[tuple[str, bool], Found]

_NAMES = {"ekiben": "Ekiben, through the gateway", "llama": "llama.cpp’s own HTTP server"}
_LEAST_RATIO = 0.9


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything measured; `memory_mib` of all of Ekiben's processes at the end."""

    rounds: list[Round]
    callers: int
    max_tokens: int
    memory_mib: float

    def ratio(self, *, stream: bool) -> Spread:
        """Ekiben's rate over llama.cpp's, within each round."""
        pairs = [(found["ekiben", stream], found["llama", stream]) for found in self.rounds]
        return spread([ours.tokens_per_second / theirs.tokens_per_second for ours, theirs in pairs])


def fill(report: Report, found: Findings) -> None:
    """Targets, tables, and the numbers for JSON."""
    for stream in (True, False):
        ratio = found.ratio(stream=stream)
        name = f"ratio to llama.cpp’s server, {_how(stream)}"
        met = ratio.median >= _LEAST_RATIO
        report.criteria.append(Criterion(name, ratio.text(2), f"≥ {_LEAST_RATIO}", met, judged=not report.quick))
    faults = [
        f"{name}: {chat.fault}"
        for one in found.rounds
        for (name, _), result in one.items()
        for chat in result.chats
        if chat.fault
    ]
    said = ", ".join(sorted(set(faults))) or "none"
    report.criteria.append(Criterion("missing answers", f"{len(faults)} ({said})", "0", not faults))
    report.text(
        f"One model (SmolLM2-135M-Instruct, 4-bit weights), {found.callers} callers who each wait for their answer, "
        f"{len(found.rounds)} round(s) of {len(next(iter(found.rounds[0].values())).chats)} chats with up to "
        f"{found.max_tokens} tokens each, at temperature 0. Both servers have two computing threads, as many slots and "
        "as much context, and reuse what a slot remembers of a prompt’s beginning; a request with a seed would be "
        "computed without that by Ekiben alone. In every round each has its turn with the same chats, which it has "
        "not seen before, in an order of that round’s own; the other is stopped meanwhile (SIGSTOP). The load "
        "generator runs on the same cores. Ratios are formed within each round; numbers are medians over rounds, "
        "lowest and highest in brackets. "
        f"All of Ekiben’s processes held {found.memory_mib:.0f} MiB at the end."
    )
    columns = ["", "", "tokens/s", "first piece p50 ms", "answer p50 ms", "answer p95 ms"]
    rows = [_row(found, name, stream) for stream in (True, False) for name in _NAMES]
    report.table("Eight chats at once", columns, rows)
    report.facts = {
        "rounds": [
            {
                f"{name} {'streamed' if stream else 'at once'}": result._asdict()
                for (name, stream), result in one.items()
            }
            for one in found.rounds
        ]
    }


def _how(stream: bool) -> str:
    return "streamed" if stream else "at once"


def _row(found: Findings, name: str, stream: bool) -> list[str]:
    results = [one[name, stream] for one in found.rounds]
    rate = spread([result.tokens_per_second for result in results]).text(0)
    took_ms = [[chat.took_s * 1_000 for chat in result.chats] for result in results]
    first_ms = median(percentile([chat.first_s * 1_000 for chat in result.chats], 0.5) for result in results)
    return [
        _NAMES[name],
        _how(stream),
        rate,
        f"{first_ms:.0f}" if stream else "",
        f"{median(percentile(each, 0.5) for each in took_ms):.0f}",
        f"{median(percentile(each, 0.95) for each in took_ms):.0f}",
    ]
