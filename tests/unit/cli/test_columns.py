from __future__ import annotations

from ekiben.cli.columns import aligned


def test_columns_are_as_wide_as_their_longest() -> None:
    assert aligned([("A", "LONG"), ("value", "x")]) == "A      LONG\nvalue  x"
