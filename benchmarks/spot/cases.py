"""What is replayed: published traces and generated ones, apart by whether the policy was tuned on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ekiben.deploy.simulator.formats.reading import read_trace
from ekiben.deploy.simulator.generator import CORRELATIONS, Shape, generate
from ekiben.deploy.simulator.trace import Trace

SPOT_PRICE = 0.35
_TICK_S = 60.0
# Names of the files as they were published, by the half they belong to.
_TUNED = ("p3-trace.csv", "v100x1-east1c.txt", "trace_hh_55_65.txt", "trace_ll_10_11.txt", "trace_0203_real.txt")
_UNSEEN = (
    "g4dn-trace.csv",
    "a100x1-east1b.txt",
    "trace_hl_15_25.txt",
    "trace_lh_80_90.txt",
    "trace_0304_real.txt",
    "trace_0506_real.txt",
)
_SEEDS = {"tuned": (0,), "unseen": (100,)}


@dataclass(frozen=True, slots=True)
class Case:
    """A trace and a fixed need. `half`: tuned or unseen. `exact`: small enough for the exact optimum."""

    half: str
    kind: str
    trace: Trace
    needed: int
    exact: bool


def cases(folder: Path, *, quick: bool) -> Iterator[Case]:
    """Every case; published traces first."""
    for half, names in (("tuned", _TUNED), ("unseen", _UNSEEN)):
        for name in names[:2] if quick else names:
            trace = read_trace(next(folder.rglob(name)), tick_s=_TICK_S, spot_price=SPOT_PRICE)
            median = float(np.median(trace.capacity.sum(axis=1)))
            for share in (0.5, 0.9):
                yield Case(half, "published", trace, max(1, int(share * median)), exact=True)
    for half, seeds in _SEEDS.items():
        for seed in seeds[:1] if quick else seeds:
            yield from _generated(half, seed, 6.0 if quick else 12.0)


def _generated(half: str, seed: int, hours: float) -> Iterator[Case]:
    for level, correlation in CORRELATIONS.items():
        for regions in (1, 3):
            shape = Shape(regions=regions, hours=hours, correlation=correlation, spot_price=SPOT_PRICE)
            trace = generate(shape, seed)
            named = Trace(f"{level}, {regions * 3} zones, seed {seed}", trace.tick_s, trace.pools, trace.capacity)
            for needed in (4, 8):
                yield Case(half, "generated", named, needed, exact=regions == 1)
