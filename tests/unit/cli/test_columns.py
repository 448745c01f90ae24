from __future__ import annotations

from ekiben.cli.columns import aligned, usd


def test_columns_are_as_wide_as_their_longest() -> None:
    assert aligned([("A", "LONG"), ("value", "x")]) == "A      LONG\nvalue  x"


def test_small_sums_are_told_finely() -> None:
    assert [usd(value) for value in (None, -0.5, 0.0, 1.006, 10, 12345.678)] == [
        "?",
        "-$0.5000",
        "$0.0000",
        "$1.0060",
        "$10.00",
        "$12,345.68",
    ]
