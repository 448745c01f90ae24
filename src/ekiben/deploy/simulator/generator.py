"""Made-up traces with the shapes of real ones, from a seed.

A zone is up where three supplies are up at once: the zone's own, its region's and everybody's. Each goes up and down by
itself, with log-normal times, so that the zones of one region fall together more often than those of two; `_shares` has
the shares of time that give a stated correlation. A supply that goes down does so in one blow or node by node over some
minutes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ekiben.deploy.policy import Pool
from ekiben.deploy.simulator.trace import Trace


@dataclass(frozen=True, slots=True)
class Correlation:
    """Of the availability of two zones: of one region, and of two."""

    within_region: float
    across_regions: float


# MEDIUM is what was counted on the traces published with SkyServe (EuroSys'25).
LOW, MEDIUM, HIGH = Correlation(0.1, 0.03), Correlation(0.43, 0.14), Correlation(0.7, 0.35)
CORRELATIONS = {"low": LOW, "medium": MEDIUM, "high": HIGH}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a generated trace is like.

    Args:
        regions: Number of regions.
        zones: Zones of each.
        nodes: Instances that a zone has when it is up.
        hours: Length.
        tick_s: Seconds of a tick.
        up_share: Lowest and highest share of time in which a zone is up; each zone gets one in between.
        up_run_h: Median hours that a zone's own supply stays up, lowest and highest.
        batch_share: Share of drops that take several nodes at once; the others take one.
        correlation: Of the zones.
        spot_price: Price of spot as a share of on-demand.
    """

    regions: int = 3
    zones: int = 3
    nodes: int = 4
    hours: float = 72.0
    tick_s: float = 60.0
    up_share: tuple[float, float] = (0.17, 0.91)
    up_run_h: tuple[float, float] = (0.3, 1.4)
    batch_share: float = 0.39
    correlation: Correlation = MEDIUM
    spot_price: float = 0.35


def generate(shape: Shape, seed: int) -> Trace:
    """Make a trace; the same seed makes the same one."""
    random = np.random.default_rng(seed)
    ticks = round(shape.hours * 3600 / shape.tick_s)
    up_share = float(np.mean(shape.up_share))
    region_share, world_share = _shares(up_share, shape.correlation)
    run_h = float(np.mean(shape.up_run_h))
    world = _supply(random, ticks, shape, world_share, 4 * run_h)
    columns, pools = [], []
    for region in range(shape.regions):
        regional = np.minimum(world, _supply(random, ticks, shape, region_share, 2 * run_h))
        for zone in range(shape.zones):
            share = float(random.uniform(*shape.up_share)) / (region_share * world_share)
            own = _supply(random, ticks, shape, min(share, 0.995), float(random.uniform(*shape.up_run_h)))
            columns.append(np.minimum(regional, own))
            pools.append(Pool(f"region-{region}", f"region-{region}-{'abcdefgh'[zone]}", "", shape.spot_price))
    return Trace(f"generated-{seed}", shape.tick_s, tuple(pools), np.stack(columns, axis=1))


def _shares(up_share: float, correlation: Correlation) -> tuple[float, float]:
    """The shares of time in which a region's and everybody's supply are up.

    With independent supplies of shares z, r, w and P = z r w, two zones of one region are up together z² r w of the
    time, which gives the correlation (z - P) / (1 - P); two zones of two regions (z r - P) / (1 - P).
    """
    zone = up_share + correlation.within_region * (1 - up_share)
    zone_and_region = up_share + correlation.across_regions * (1 - up_share)
    return zone_and_region / zone, up_share / zone_and_region


def _supply(
    random: np.random.Generator, ticks: int, shape: Shape, up_share: float, up_run_h: float
) -> NDArray[np.int64]:
    """Nodes of one supply, shape (ticks,): up runs, falls, down runs in turn."""
    nodes = np.full(ticks, shape.nodes, dtype=np.int64)
    if up_share >= 1:
        return nodes
    up_ticks = up_run_h * 3600 / shape.tick_s
    down_ticks = up_ticks * (1 - up_share) / up_share
    tick = 0 if random.random() < up_share else -int(_run(random, down_ticks))
    while tick < ticks:
        tick += int(_run(random, up_ticks)) if tick >= 0 else 0
        end = max(tick, 0) + max(1, int(_run(random, down_ticks)))
        _fall(random, nodes, max(tick, 0), end, shape)
        tick = end
    return nodes


def _run(random: np.random.Generator, median_ticks: float) -> float:
    return float(median_ticks * random.lognormal(0.0, 1.0))


def _fall(random: np.random.Generator, nodes: NDArray[np.int64], start: int, end: int, shape: Shape) -> None:
    """Bring the supply down from `start` to `end`, at once or one node after the other."""
    # Of n drops of one node each, one fall is made; so falls at once are more often than drops of several.
    at_once = shape.nodes * shape.batch_share / (1 + (shape.nodes - 1) * shape.batch_share)
    if random.random() < at_once:
        nodes[start:end] = 0
        return
    step = start
    for left in range(shape.nodes - 1, -1, -1):
        nodes[step:end] = left
        step += 1 + int(random.exponential(180.0 / shape.tick_s))
