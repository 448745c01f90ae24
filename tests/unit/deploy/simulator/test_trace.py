from __future__ import annotations

import numpy as np
import pytest

from ekiben.deploy.simulator.trace import Trace, beside
from ekiben.errors import OperatorError
from tests.unit.deploy.simulator.traces import trace


def test_traces_beside_each_other_are_as_long_as_the_shortest() -> None:
    both = beside([trace([1, 2, 3]), trace([4, 5])], "both")
    assert both.capacity.tolist() == [[1, 4], [2, 5]]


def test_another_price() -> None:
    assert [pool.spot_price for pool in trace([1], [2]).priced(0.5).pools] == [0.5, 0.5]


def test_shapes_and_signs_are_checked() -> None:
    good = trace([1, 2])
    with pytest.raises(OperatorError, match="2 pools"):
        Trace("bad", 60, good.pools * 2, good.capacity)
    with pytest.raises(OperatorError, match="negative"):
        Trace("bad", 60, good.pools, np.array([[-1]]))


def test_ticks_must_agree() -> None:
    other = Trace("slow", 30, trace([1]).pools, np.array([[1]]))
    with pytest.raises(OperatorError, match="different ticks"):
        beside([trace([1]), other], "both")
