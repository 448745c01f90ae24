"""How many nodes there were at a time, as published with Bamboo (Google Cloud) and Parcae (AWS).

Two spellings: `milliseconds,count`; or `YYYY-MM-DD, HH:MM:SS, count`. Where readings overlap, as in the second, the
one that stands later in the file counts.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, datetime

from ekiben.deploy.simulator.formats.steps import Steps


def read_since(lines: Sequence[str]) -> Steps:
    """Read `milliseconds,count`."""
    return _in_order([(float(ms) / 1000, int(count)) for ms, count in csv.reader(lines)])


def read_dated(lines: Sequence[str]) -> Steps:
    """Read `date, time, count`."""
    return _in_order([(_seconds(day, time), int(count)) for day, time, count in csv.reader(lines)])


def _in_order(readings: list[tuple[float, int]]) -> Steps:
    ordered = sorted(readings, key=lambda reading: reading[0])  # stable: of one moment's, the later line is last
    times, values = zip(*ordered, strict=True)
    return Steps(times, values, times[-1])


def _seconds(day: str, time: str) -> float:
    return datetime.fromisoformat(f"{day.strip()}T{time.strip()}").replace(tzinfo=UTC).timestamp()
