from __future__ import annotations

import pytest

from ekiben.deploy.simulator.terms import Terms


@pytest.mark.parametrize(("cold", "standby", "ticks"), [(60, None, (1, 1)), (61, None, (2, 2)), (300, 60, (5, 1))])
def test_starts_are_rounded_up(cold: float, standby: float | None, ticks: tuple[int, int]) -> None:
    terms = Terms(cold_start_s=cold, standby_start_s=standby)
    assert (terms.cold_start_ticks(60), terms.on_demand_ticks(60)) == ticks


@pytest.mark.parametrize(("notice", "drain", "ticks"), [(120, 15, 1), (120, 0, 2), (0, 15, 0)])
def test_notices_are_rounded_down(notice: float, drain: float, ticks: int) -> None:
    assert Terms(notice_s=notice, drain_s=drain).usable_notice_ticks(60) == ticks
