"""Pictures of a comparison: what served over time, and cost against availability."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ekiben.deploy.simulator.comparison import Comparison
from ekiben.errors import OperatorError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHOWN_ON_TIMELINE = 4
_MARKERS = ("D", "o", "s", "^", "v", "P", "X", "*", "h")
_FLOOR = 1e-5  # where full availability is drawn on the logarithmic axis


def draw(comparison: Comparison, folder: Path) -> list[Path]:
    """Write both pictures as PNG files, named after the trace and its cold start.

    Raises:
        OperatorError: matplotlib is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{comparison.trace.name}-{comparison.terms.cold_start_s:g}s"
    written = []
    for name, figure in (("timeline", timeline(comparison)), ("cost", cost_against_availability(comparison))):
        path = folder / f"{stem}-{name}.png"
        figure.savefig(path, dpi=110)
        written.append(path)
    return written


def timeline(comparison: Comparison) -> Figure:
    """Capacity, spot and on-demand instances over time, one band for each of the first strategies."""
    shown = comparison.outcomes[:_SHOWN_ON_TIMELINE]
    figure = _figure(11, 1.5 + 1.9 * len(shown))
    bands = figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
    hours = np.arange(comparison.trace.ticks) * comparison.trace.tick_s / 3600
    capacity = comparison.trace.capacity.sum(axis=1)
    for axes, outcome in zip(bands, shown, strict=True):
        top = float(1.3 * max(outcome.needed.max(), (outcome.spot + outcome.on_demand).max()))
        axes.fill_between(hours, np.minimum(capacity, top), step="post", color="0.9", label="spot capacity")
        axes.fill_between(hours, outcome.spot, step="post", color="#4c9f70", label="spot held")
        both = outcome.spot + outcome.on_demand
        axes.fill_between(hours, outcome.spot, both, step="post", color="#d97b4a", label="on-demand held")
        axes.plot(hours, outcome.needed, color="black", linewidth=1, label="needed")
        short = outcome.serving < outcome.needed
        axes.fill_between(hours, 0, top, where=short, step="post", color="#b3123a", alpha=0.6, label="too few serve")
        axes.set_ylim(0, top)
        axes.set_ylabel("replicas")
        share = f"{outcome.availability:.2%} available, {comparison.times_optimum(outcome):.2f} × optimum"
        axes.set_title(f"{outcome.strategy}: {share}", fontsize=10, loc="left")
    bands[-1].set_xlabel("hours")
    bands[0].legend(loc="lower center", bbox_to_anchor=(0.5, 1.15), ncol=5, fontsize=8, frameon=False)
    return figure


def cost_against_availability(comparison: Comparison) -> Figure:
    """A point for each strategy; the optimum is a line, cheaper is left and more available is up."""
    figure = _figure(8, 5)
    axes: Axes = figure.subplots()
    for marker, outcome in zip(cycle(_MARKERS), comparison.outcomes):
        short = max(_FLOOR, 1 - outcome.availability)
        axes.plot(comparison.of_on_demand(outcome), short, marker, markersize=8, alpha=0.8, label=outcome.strategy)
    axes.axvline(
        comparison.optimum / comparison.all_on_demand,
        color="#4c9f70",
        label="omniscient optimum" if comparison.exact else "bound below the optimum",
    )
    axes.axhline(1e-3, color="0.7", linestyle=":", label="99.9 % available")
    axes.set_yscale("log")
    axes.invert_yaxis()
    axes.set_xlabel("cost, as a share of on-demand alone")
    axes.set_ylabel("share of time with too few replicas")
    axes.set_title(f"{comparison.trace.name}, cold start {comparison.terms.cold_start_s:g} s", loc="left")
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def _figure(width: float, height: float) -> Figure:
    """A figure drawn without a display and without matplotlib's global state."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise OperatorError("plots need matplotlib: pip install 'ekiben[spot]'") from None
    return Figure(figsize=(width, height), layout="constrained")
