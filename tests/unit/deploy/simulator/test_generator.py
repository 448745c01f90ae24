from __future__ import annotations

import numpy as np
import pytest

from ekiben.deploy.simulator.generator import CORRELATIONS, Correlation, Shape, generate


def test_a_seed_makes_one_trace() -> None:
    shape = Shape(hours=2)
    assert np.array_equal(generate(shape, 3).capacity, generate(shape, 3).capacity)
    assert not np.array_equal(generate(shape, 3).capacity, generate(shape, 4).capacity)


def test_a_trace_has_the_shape_that_is_asked_for() -> None:
    trace = generate(Shape(regions=2, zones=3, nodes=5, hours=1), 0)
    assert trace.capacity.shape == (60, 6)
    assert trace.capacity.max() == 5
    assert [pool.region for pool in trace.pools] == ["region-0"] * 3 + ["region-1"] * 3


@pytest.mark.parametrize("level", ["low", "medium", "high"])
def test_zones_are_up_and_fall_together_as_often_as_is_asked_for(level: str) -> None:
    wanted: Correlation = CORRELATIONS[level]
    within, across, up = [], [], []
    for seed in range(12):
        capacity = generate(Shape(hours=72, correlation=wanted), seed).capacity
        is_up = (capacity == 4).astype(float)
        up.append(is_up.mean())
        found = np.corrcoef(is_up.T)
        pairs = [(i, j) for i in range(9) for j in range(i)]
        within += [found[i, j] for i, j in pairs if i // 3 == j // 3]
        across += [found[i, j] for i, j in pairs if i // 3 != j // 3]
    assert np.mean(up) == pytest.approx(0.53, abs=0.08)
    assert np.mean(within) == pytest.approx(wanted.within_region, abs=0.13)
    assert np.mean(across) == pytest.approx(wanted.across_regions, abs=0.1)


def test_many_falls_take_more_than_one_node() -> None:
    falls = np.diff(generate(Shape(hours=400, regions=1), 1).capacity, axis=0)
    drops = -falls[falls < 0]
    assert (drops >= 2).mean() == pytest.approx(0.39, abs=0.08)
