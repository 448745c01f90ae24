"""Rows as aligned columns, and money in them; no library, so that commands start quickly."""

from __future__ import annotations

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Lines in which every column is as wide as its longest value; two spaces between columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)


def usd(value: float | None) -> str:
    """Dollars, from ten on to the cent; `?` where nobody knows."""
    if value is None:
        return "?"
    sign, amount = "-" if value < 0 else "", abs(value)
    return f"{sign}${amount:,.2f}" if amount >= 10 else f"{sign}${amount:.4f}"
