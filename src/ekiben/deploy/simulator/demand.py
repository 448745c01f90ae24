"""Replicas needed over time: a number, or a file."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ekiben.deploy.simulator.formats.steps import Steps, to_ticks
from ekiben.errors import OperatorError


def read_demand(stated: str, ticks: int, tick_s: float) -> NDArray[np.int64]:
    """Read `--demand`.

    Args:
        stated: A number of replicas, or the path of a CSV file `seconds,replicas`, each line true until the next.
        ticks: Length wanted; the last value goes on.
        tick_s: Seconds of a tick.

    Returns:
        Replicas, shape (ticks,).

    Raises:
        OperatorError: It is neither, or nothing is ever needed.
    """
    if stated.isdecimal():
        needed = np.full(ticks, int(stated), dtype=np.int64)
    else:
        needed = _read_file(Path(stated), ticks, tick_s)
    if not needed.any() or (needed < 0).any():
        raise OperatorError(f"the demand {stated} must be at least one replica somewhere, and negative nowhere")
    return needed


def _read_file(path: Path, ticks: int, tick_s: float) -> NDArray[np.int64]:
    try:
        rows = [row for row in csv.reader(path.read_text("utf-8").splitlines()) if row]
        rows = rows[1:] if rows and rows[0][0] == "seconds" else rows
        times = [float(row[0]) for row in rows]
        values = [int(row[1]) for row in rows]
        found = to_ticks(Steps(times, values, times[-1] + tick_s), tick_s)
    except (OSError, ValueError, IndexError) as error:
        raise OperatorError(f"{path}: cannot be read as `seconds,replicas` lines: {error}") from None
    return np.concatenate([found, np.repeat(found[-1:], max(0, ticks - len(found)))])[:ticks]
