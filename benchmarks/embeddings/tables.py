"""What the comparison found, as targets and tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median

from benchmarks.embeddings.ceiling import Ceiling
from benchmarks.embeddings.measure import CALLERS, Round
from benchmarks.embeddings.peers import Pool
from benchmarks.embeddings.single import Single
from benchmarks.harness.criteria import Criterion
from benchmarks.harness.numbers import Spread, spread
from benchmarks.harness.report import Report
from benchmarks.texts import LONGEST_WORDS, SHORTEST_WORDS

NAMES = {
    "ceiling": "in process, sorted by length (ceiling)",
    "ekiben": "Ekiben, through the gateway",
    "bentoml": "BentoML, `batchable=True`",
    "fastapi": "FastAPI + uvicorn, no batching",
}
_SERVERS = ("ekiben", "bentoml", "fastapi")
_MOST_ADDED_MS = 3.0


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything measured."""

    rounds: list[dict[str, Round]]
    single: Single
    ceiling: Ceiling
    parallel: float
    pool: Pool
    tried: dict[Pool, float]

    def ratio(self, over: str) -> Spread:
        """Ekiben's rate over another's, pair by pair within each round."""
        return spread([found["ekiben"].per_second / found[over].per_second for found in self.rounds])

    def middle(self, name: str, field: str) -> Spread:
        """One number of one peer, over the rounds."""
        return spread([getattr(found[name], field) for found in self.rounds])


def fill(report: Report, found: Findings) -> None:
    """Targets, tables, and the numbers for JSON."""
    report.criteria += _criteria(found)
    report.text(_method(found))
    columns = [
        "",
        "requests/s",
        "Ekiben’s ratio to it",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "load generator, of a core",
        "others, of all cores",
    ]
    report.table("Requests a second", columns, [_row(found, name) for name in NAMES])
    report.table("One caller", ["", "ms, median"], _single_rows(found.single))
    _where_time_goes(report, found)
    report.facts = {
        "rounds": [{name: _facts(name, result) for name, result in one.items()} for one in found.rounds],
        "single": asdict(found.single),
        "ceiling_batches": found.ceiling.tried,
        "ceiling_two_calls": found.parallel,
        "fastapi_pools": {pool.text: rate for pool, rate in found.tried.items()},
    }


def _facts(name: str, result: Round) -> dict[str, object]:
    return {"per_second": result.per_second} if name == "ceiling" else asdict(result)


def _criteria(found: Findings) -> list[Criterion]:
    faults = [fault for one in found.rounds for name in _SERVERS for fault in one[name].faults]
    ceiling, bentoml, fastapi = (found.ratio(name) for name in ("ceiling", "bentoml", "fastapi"))
    made = [
        Criterion("ratio to the ceiling", ceiling.text(2), "≥ 0.75", ceiling.median >= 0.75),
        Criterion("ratio to plain BentoML", bentoml.text(2), "≥ 2.0", bentoml.median >= 2.0),
        Criterion("ratio to FastAPI without batching", fastapi.text(2), "> 1.0", fastapi.median > 1.0),
    ]
    added = found.single.added_ms
    met = added <= _MOST_ADDED_MS
    made.append(Criterion("added to one caller’s request", f"{added:.2f} ms", f"≤ {_MOST_ADDED_MS:.0f} ms", met))
    said = ", ".join(sorted(set(faults))[:5]) or "none"
    made.append(Criterion("wrong or missing answers", f"{len(faults)} ({said})", "0", not faults))
    return made


def _method(found: Findings) -> str:
    tried = ", ".join(f"{size}: {rate:.0f}/s" for size, rate in found.ceiling.tried.items())
    pools = "; ".join(f"{pool.text}: {rate:.0f}/s" for pool, rate in found.tried.items())
    return (
        f"One model (all-MiniLM-L6-v2, int8 weights), one text a request, {SHORTEST_WORDS} to {LONGEST_WORDS} words, "
        f"{CALLERS} callers who each wait for their answer, {len(found.rounds)} round(s). In every round "
        "each peer has its turn under the same texts, in an order of that round’s own; "
        "the other servers are stopped meanwhile (SIGSTOP). The load generator runs on "
        "the same cores. Every answer is compared with the vector computed in process. Numbers are medians over "
        "rounds, lowest and highest in brackets; ratios are formed within each round.\n\n"
        f"Ceiling: two session threads, batches of {found.ceiling.batch} ({tried}); two calls at once with one "
        f"session thread each: {found.parallel:.0f}/s. BentoML: two session threads, `max_batch_size=32`, "
        f"`max_latency_ms=60000`. FastAPI: {found.pool.text}, the best of those tried ({pools})."
    )


def _row(found: Findings, name: str) -> list[str]:
    rate = found.middle(name, "per_second").text(1)
    ratio = "1" if name == "ekiben" else found.ratio(name).text(2)
    if name == "ceiling":
        return [NAMES[name], rate, ratio, *[""] * 5]
    latencies = [found.middle(name, field).text() for field in ("p50_ms", "p95_ms", "p99_ms")]
    share = f"{found.middle(name, 'generator_share').median:.0%}"
    others = f"{found.middle(name, 'others_share').highest:.0%} at most"
    return [NAMES[name], rate, ratio, *latencies, share, others]


def _single_rows(single: Single) -> list[list[str]]:
    return [
        ["in process: tokenize, infer, pool", f"{single.in_process_ms:.2f}"],
        ["through the gateway", f"{single.gateway_ms:.2f}"],
        ["added (median of the differences)", f"{single.added_ms:.2f}"],
        ["of the gateway’s time, all but the model’s call", f"{single.around_ms:.2f}"],
    ]


def _where_time_goes(report: Report, found: Findings) -> None:
    results = [one["ekiben"] for one in found.rounds]
    stages = {name: median(result.stages_ms.get(name, 0.0) for result in results) for name in results[0].stages_ms}
    rows = [[name, f"{value:.2f}"] for name, value in stages.items()]
    report.table("Where a request’s time goes in Ekiben (`Server-Timing`)", ["stage", "ms, median"], rows)
    cost = [
        [NAMES[peer], name, f"{median(one[peer].cpu_ms.get(name, 0.0) for one in found.rounds):.2f}"]
        for peer in _SERVERS
        for name in found.rounds[0][peer].cpu_ms
    ]
    report.table("Processor time a request", ["", "process", "ms of one core"], cost)
