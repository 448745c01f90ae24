"""A comparison as rows of a table and as plain data."""

from __future__ import annotations

from typing import Any

from ekiben.deploy.simulator.comparison import Comparison

COLUMNS = ("strategy", "availability", "served", "of on-demand", "times optimum", "losses", "launches")


def rows(comparison: Comparison) -> list[tuple[str, ...]]:
    """A row for each strategy, and the optimum's as the last."""
    table = [
        (
            outcome.strategy,
            f"{outcome.availability:.3%}",
            f"{outcome.served_share:.3%}",
            f"{comparison.of_on_demand(outcome):.3f}",
            f"{comparison.times_optimum(outcome):.3f}",
            f"{outcome.losses}",
            f"{outcome.launches}",
        )
        for outcome in comparison.outcomes
    ]
    name = "omniscient optimum" if comparison.exact else "bound below the optimum"
    return [*table, (name, "100.000%", "100.000%", f"{comparison.optimum / comparison.all_on_demand:.3f}", "1", "", "")]


def facts(comparison: Comparison) -> dict[str, Any]:
    """The same as plain data, costs in on-demand replica-hours where the on-demand price is 1."""
    return {
        "trace": comparison.trace.name,
        "hours": comparison.trace.hours,
        "tick_s": comparison.trace.tick_s,
        "pools": [pool.name for pool in comparison.trace.pools],
        "cold_start_s": comparison.terms.cold_start_s,
        "standby_start_s": comparison.terms.standby_start_s,
        "optimum": {"cost": comparison.optimum, "exact": comparison.exact},
        "all_on_demand_cost": comparison.all_on_demand,
        "strategies": [
            {
                "name": outcome.strategy,
                "availability": outcome.availability,
                "served_share": outcome.served_share,
                "cost": outcome.cost,
                "of_on_demand": comparison.of_on_demand(outcome),
                "times_optimum": comparison.times_optimum(outcome),
                "losses": outcome.losses,
                "launches": outcome.launches,
            }
            for outcome in comparison.outcomes
        ],
    }
