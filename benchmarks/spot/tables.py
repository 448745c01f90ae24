"""The findings as tables and targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.harness.criteria import Criterion
from benchmarks.harness.report import Report
from benchmarks.spot.cases import Case
from benchmarks.spot.measure import TARGET, Found
from ekiben.deploy.policy import Rules
from ekiben.deploy.simulator.replay import replay
from ekiben.deploy.simulator.strategies.ekiben import Ekiben
from ekiben.deploy.simulator.terms import Terms

_EQUAL = 1.001


def judge(report: Report, found: Sequence[Found], name: str) -> None:
    """The targets, over all of these."""
    available = [one for one in found if one.ours.availability >= TARGET]
    cheap = [one for one in found if one.comparison.times_optimum(one.ours) <= 1.15]
    generated = [one for one in found if one.case.kind == "generated"]
    under = [one for one in generated if one.comparison.of_on_demand(one.ours) <= 0.57]
    possible = [one for one in generated if one.comparison.optimum / one.comparison.all_on_demand <= 0.57]
    under_where_possible = [one for one in under if one in possible]
    no_worse = [one for one in found if not _worse(one)]
    for label, good, all_of in (
        ("available 99.9 % of ticks", available, found),
        ("cost ≤ 1.15 × optimum", cheap, found),
        ("generated: cost ≤ 0.57 × on-demand", under, generated),
        ("the same where the optimum is", under_where_possible, possible),
        ("no dearer than SpotHedge at equal availability", no_worse, found),
    ):
        _criterion(report, f"{name}: {label}", len(good), len(all_of))


def summary(report: Report, found: Sequence[Found]) -> None:
    """A row for each cold start, kind and half."""
    rows = []
    keys = sorted(
        {(f.terms.standby_start_s is not None, f.terms.cold_start_s, f.case.kind, f.case.half) for f in found}
    )
    for standby, cold, kind, half in keys:
        group = [
            f
            for f in found
            if (f.terms.standby_start_s is not None, f.terms.cold_start_s, f.case.kind, f.case.half)
            == (standby, cold, kind, half)
        ]
        hedged = [f.ours.cost / f.hedge.cost for f in group if f.hedge is not None]
        rows.append(
            (
                f"{cold:g} s" + (", standby 60 s" if standby else ""),
                kind,
                half,
                f"{sum(f.ours.availability >= TARGET for f in group)}/{len(group)}",
                f"{min(f.ours.availability for f in group):.2%}",
                _mean_and_worst(group, lambda f: f.comparison.times_optimum(f.ours)),
                _mean_and_worst(group, lambda f: f.comparison.of_on_demand(f.ours)),
                f"{np.mean(hedged):.3f}" if hedged else "–",
                f"{sum(f.hedge is None for f in group)}",
            )
        )
    report.table(
        "Summary: mean (worst)",
        (
            "cold start",
            "traces",
            "half",
            "≥ 99.9 %",
            "least available",
            "times optimum",
            "of on-demand",
            "times SpotHedge",
            "no SpotHedge is as available",
        ),
        rows,
    )


def asked(report: Report, every: Sequence[Case], slow: Sequence[Terms]) -> None:
    """What our policy comes to when it is asked for less."""
    rows = []
    for terms in slow:
        for availability in (0.999, 0.99, 0.98, 0.95):
            strategy = Ekiben(Rules(availability=availability))
            outcomes = [
                (case, replay(case.trace, np.full(case.trace.ticks, case.needed), strategy, terms)) for case in every
            ]
            kept = [outcome.availability for _, outcome in outcomes]
            costs = [
                outcome.cost / (case.needed * case.trace.hours * terms.on_demand_price) for case, outcome in outcomes
            ]
            enough = sum(value >= availability for value in kept)
            rows.append(
                (
                    f"{terms.cold_start_s:g} s",
                    f"{availability:.1%}",
                    f"{enough}/{len(kept)}",
                    f"{np.mean(kept):.2%}",
                    f"{min(kept):.2%}",
                    f"{np.mean(costs):.3f}",
                )
            )
    report.table(
        "Asked availability, over all cases",
        ("cold start", "asked for", "as available", "mean", "least", "of on-demand"),
        rows,
    )


def strategies(report: Report, found: Sequence[Found]) -> None:
    """The means of every strategy over all cases of a cold start."""
    rows = []
    for standby, cold in sorted({(f.terms.standby_start_s is not None, f.terms.cold_start_s) for f in found}):
        group = [f for f in found if (f.terms.standby_start_s is not None, f.terms.cold_start_s) == (standby, cold)]
        names = ["ekiben", "SpotHedge +0", "SpotHedge +1", "SpotHedge +2", *(o.strategy for o in group[0].others)]
        for name in names:
            outcomes = [(f, o) for f in group for o in f.comparison.outcomes if o.strategy == name]
            if outcomes:
                rows.append(
                    (
                        f"{cold:g} s" + (", standby 60 s" if standby else ""),
                        name,
                        f"{np.mean([o.availability for _, o in outcomes]):.2%}",
                        f"{np.mean([o.served_share for _, o in outcomes]):.2%}",
                        f"{np.mean([f.comparison.times_optimum(o) for f, o in outcomes]):.3f}",
                        f"{np.mean([f.comparison.of_on_demand(o) for f, o in outcomes]):.3f}",
                    )
                )
    report.table(
        "Every strategy, means over all cases",
        ("cold start", "strategy", "availability", "served", "times optimum", "of on-demand"),
        rows,
    )


def each(report: Report, found: Sequence[Found], heading: str) -> None:
    """A row for every case."""
    rows = []
    for one in found:
        hedge = one.hedge
        rows.append(
            (
                one.case.trace.name,
                str(one.case.needed),
                f"{one.terms.cold_start_s:g} s",
                f"{one.ours.availability:.2%}",
                f"{one.comparison.times_optimum(one.ours):.3f}" + ("" if one.comparison.exact else " (bound)"),
                f"{one.comparison.of_on_demand(one.ours):.3f}",
                "none as available" if hedge is None else f"{hedge.strategy}: {one.ours.cost / hedge.cost:.3f}",
            )
        )
    columns = ("trace", "needed", "cold start", "availability", "times optimum", "of on-demand", "times SpotHedge")
    report.table(heading, columns, rows)


def _worse(one: Found) -> bool:
    return one.hedge is not None and one.ours.cost > _EQUAL * one.hedge.cost


def _criterion(report: Report, name: str, good: int, count: int) -> None:
    met = good == count
    report.criteria.append(Criterion(name, f"{good} of {count}", "all", met=met, judged=not report.quick))


def _mean_and_worst(group: Sequence[Found], of: Callable[[Found], float]) -> str:
    values = [of(one) for one in group]
    return f"{np.mean(values):.3f} ({max(values):.3f})"
