from __future__ import annotations

from ekiben.batching.cap import CostCap


def test_it_halves() -> None:
    cap = CostCap(1000)
    assert cap.halved(1000)
    assert cap.value == 500


def test_a_small_batch_that_failed_says_more_than_the_cap() -> None:
    cap = CostCap(1000)
    cap.halved(100)
    assert cap.value == 50


def test_it_never_falls_below_one() -> None:
    cap = CostCap(1)
    assert not cap.halved(1)
    assert cap.value == 1


def test_it_climbs_back_slowly_and_not_beyond_the_limit() -> None:
    cap = CostCap(1000)
    cap.halved(1000)
    assert cap.recovered()
    assert 500 < cap.value < 520
    for _ in range(200):
        cap.recovered()
    assert cap.value == 1000
    assert not cap.recovered()
