from __future__ import annotations

import dataclasses

import pytest

from ekiben.batching.limits import BatchLimits, padded_price

GOOD = BatchLimits(max_cost=1, max_items=1, max_wait_s=0.0, max_queue_items=1, max_padding_share=0.0)


def test_a_batch_is_priced_by_its_padded_area() -> None:
    assert padded_price(3, 7) == 21


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_cost", 0),
        ("max_items", 0),
        ("max_queue_items", 0),
        ("max_wait_s", -0.1),
        ("max_wait_s", float("nan")),
        ("max_padding_share", 1.1),
        ("max_padding_share", -0.1),
        ("ageing_s", 0.0),
    ],
)
def test_a_bound_out_of_range_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        dataclasses.replace(GOOD, **{name: value})  # type: ignore[arg-type]
