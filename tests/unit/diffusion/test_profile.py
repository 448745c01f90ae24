from __future__ import annotations

from typing import Any

import pytest
import torch

from ekiben.diffusion.families import family_of
from ekiben.diffusion.profile import profiled_cap
from tests.unit.diffusion.making import SIDE, pipeline, request
from tests.unit.diffusion.watching import MovedClock, WatchedFamily

_ROW = SIDE * SIDE


def _family(clock: MovedClock, most_rows: int, fixed_s: float) -> WatchedFamily:
    """A forward takes `fixed_s` and a second a row, and has memory for so many rows."""
    family = WatchedFamily()

    def before(sample: torch.Tensor, _: Any) -> None:
        if len(sample) > most_rows:
            raise torch.OutOfMemoryError("no memory")
        clock.now += fixed_s + len(sample)

    family.before = before
    return family


@pytest.mark.parametrize(
    ("fixed_s", "most_rows", "rows"),
    [(0.0, 64, 2), (6.0, 64, 64), (0.5, 64, 8), (6.0, 8, 8), (6.0, 1, 2)],
)
def test_rows_are_added_while_they_pay_and_fit(fixed_s: float, most_rows: int, rows: int) -> None:
    clock = MovedClock()
    assert profiled_cap(_family(clock, most_rows, fixed_s), request(), clock=clock) == rows * _ROW


def test_other_failures_are_not_hidden() -> None:
    family = WatchedFamily()

    def before(*_: object) -> None:
        raise ValueError("defect")

    family.before = before
    with pytest.raises(ValueError, match="defect"):
        profiled_cap(family, request())


@pytest.mark.parametrize("name", ["sd", "flux-dev"])
def test_a_real_model_is_measured(name: str) -> None:
    asked = request()
    family = family_of(pipeline(name))
    assert profiled_cap(family, asked, max_rows=4) % (len(family.conditions(asked, family.encode)) * _ROW) == 0
