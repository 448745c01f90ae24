"""What must hold, and what is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from benchmarks.harness.criteria import Criterion
from benchmarks.harness.numbers import percentile
from benchmarks.harness.report import Report
from benchmarks.interruptions.at_work import BEGUN, MUCH
from benchmarks.interruptions.instance import MODEL
from benchmarks.interruptions.load import JOB_STEPS, REQUEST_STEPS, Load
from benchmarks.interruptions.outcome import Outcome, Plan
from benchmarks.interruptions.schedule import NO_NOTICE, taken

_FAILED_SHARE: Final = 0.001
_DRAIN_S: Final = 15.0


def criteria(plan: Plan, outcome: Outcome) -> list[Criterion]:
    """What must hold."""
    verdict, load, wanted = outcome.verdict, outcome.load, taken(plan.blows)
    p99, share = percentile(outcome.drains_s, 0.99), outcome.failed_share
    again = sum(abs(steps) for steps in verdict.again_after_notice.values())
    failed = sum(not each.is_clean for each in outcome.taken)
    asked = len(load.failures) + len(load.durations_s)
    return [
        Criterion("instances taken", str(len(outcome.taken)), str(wanted), met=len(outcome.taken) == wanted),
        Criterion("jobs lost", f"{len(verdict.lost)} of {len(load.jobs)}", "0", met=not verdict.lost),
        Criterion("jobs handed back", str(verdict.handed_back), "≥ 1", met=verdict.handed_back > 0),
        Criterion("submissions refused", str(len(load.refused)), "0", met=not load.refused),
        Criterion("steps computed again after a notice", str(again), "0", met=not again),
        Criterion("requests failed", _failures(load, asked), f"≤ {_FAILED_SHARE:.1%}", met=share <= _FAILED_SHARE),
        Criterion("drain, p99", f"{p99:.1f} s", f"≤ {_DRAIN_S:g} s", met=p99 <= _DRAIN_S),
        Criterion("drains with a step that failed", str(failed), "0", met=not failed),
    ]


def _failures(load: Load, asked: int) -> str:
    why = Counter(reason for _, reason in load.failures)
    told = "".join(f"; {count} x {reason}" for reason, count in why.most_common())
    # Of so many without a failure, 95 % of the time no more than three in as many fail.
    bound = "" if load.failures else f" (95 %: ≤ {3 / max(1, asked):.2%})"
    return f"{len(load.failures)} of {asked}{bound}{told}"


def describe(report: Report, plan: Plan, outcome: Outcome) -> None:
    """Put everything into the report."""
    report.text(_setting(plan, outcome))
    report.text(_load(plan))
    report.criteria += criteria(plan, outcome)
    kinds = Counter(each.kind for each in outcome.taken)
    report.table(
        "Interruptions",
        ("kind", "instances", "drain, median", "longest"),
        [(kind, str(count), *_drains(outcome, kind)) for kind, count in sorted(kinds.items())],
    )
    report.table("Work", ("", ""), _work(outcome))
    report.table(
        "As they came",
        ("after", "kind", "instance", "drain"),
        [
            (f"{each.at_s:.0f} s", each.kind, str(each.instance), _seconds(each.drain_s))
            for each in sorted(outcome.taken, key=lambda each: each.at_s)
        ],
    )
    report.facts |= {"seed": plan.seed, "taken": [asdict(each) for each in outcome.taken]}
    report.facts |= {"failures": outcome.load.failures, "lost": list(outcome.verdict.lost)}
    report.facts |= {"again_after_notice": dict(outcome.verdict.again_after_notice)}
    report.facts |= {"again_without": dict(outcome.verdict.again_without)}


def _setting(plan: Plan, outcome: Outcome) -> str:
    together = sum(blow.instances for blow in plan.blows if blow.instances > 1)
    silent = sum(blow.instances for blow in plan.blows if blow.kind == NO_NOTICE)
    return (
        f"{outcome.instances} instances, each a whole `ekiben serve` of {MODEL} with its agent and a metadata service"
        f" of its own, and one gateway with its Valkey. In {outcome.seconds:.0f} s {taken(plan.blows)} instances are"
        f" taken: {together} of them two at a time, {silent} without notice (SIGKILL for every process at once). Each"
        " is replaced as soon as it is gone, by one that starts from nothing but its files; one instance is always"
        f" left. A blow waits for an instance with a job in hand: less than {BEGUN:.0%} of it done where there is a"
        f" notice, a checkpoint written or {MUCH:.0%} done where there is none. It takes that one; another that goes"
        f" with it may be idle. Seed {plan.seed}."
    )


def _load(plan: Plan) -> str:
    rates = plan.rates
    return (
        f"A picture of {REQUEST_STEPS} steps is asked for every {rates.request_every_s:g} s and waited for; the caller"
        f" never tries again. A durable job of {JOB_STEPS} steps is handed in every {rates.job_every_s:g} s. A drain is"
        " counted from the moment when its notice can be read, for which the agent looks every two seconds, until its"
        " platform has ended."
    )


def _work(outcome: Outcome) -> list[tuple[str, str]]:
    verdict, load = outcome.verdict, outcome.load
    states = ", ".join(f"{count} {state}" for state, count in sorted(verdict.states.items()))
    return [
        ("requests answered", str(len(load.durations_s))),
        ("their time, median and p99", _spread(load.durations_s)),
        ("jobs", states),
        ("their time until the result, median and p99", _spread(verdict.waits_s)),
        ("leases of workers that were lost", str(verdict.interrupted)),
        ("steps that they had told of and that were computed again", str(sum(verdict.again_without.values()))),
        ("cold starts, median and p99", _spread(outcome.cold_starts_s)),
    ]


def _drains(outcome: Outcome, kind: str) -> tuple[str, str]:
    seconds = [each.drain_s for each in outcome.taken if each.kind == kind and each.drain_s is not None]
    return (_seconds(percentile(seconds, 0.5)), _seconds(max(seconds))) if seconds else ("–", "–")


def _spread(values: Sequence[float]) -> str:
    return f"{percentile(values, 0.5):.2f} s, {percentile(values, 0.99):.2f} s"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"
