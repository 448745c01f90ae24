"""Arrivals of requests, from published traces.

Azure's traces of language-model inference (2023) are `TIMESTAMP,ContextTokens,GeneratedTokens`; the queries of
SpotServe (ASPLOS'24) are `number,arrival in seconds,tokens,…`.
"""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ekiben.errors import OperatorError


class Arrivals(NamedTuple):
    """Requests in order of arrival.

    Args:
        times_s: Seconds since the first, shape (requests,).
        tokens: Tokens to generate, shape (requests,).
    """

    times_s: NDArray[np.float64]
    tokens: NDArray[np.float64]


def read_arrivals(path: Path) -> Arrivals:
    """Read a trace of arrivals.

    Raises:
        OperatorError: It cannot be read, or is in neither form.
    """
    try:
        rows = list(csv.reader(path.read_text("utf-8").splitlines()))
        dated = rows[0][0] == "TIMESTAMP"
        times = [_seconds(row[0]) for row in rows[1:]] if dated else [float(row[1]) for row in rows]
        tokens = [float(row[2]) for row in (rows[1:] if dated else rows)]
    except (OSError, ValueError, IndexError) as error:
        raise OperatorError(f"{path}: cannot be read as a trace of arrivals: {error}") from None
    order = np.argsort(times, kind="stable")
    return Arrivals(np.asarray(times)[order] - min(times), np.asarray(tokens)[order])


def _seconds(timestamp: str) -> float:
    # Seven digits of a second are one more than Python reads.
    return datetime.fromisoformat(timestamp[:26] + "+00:00").timestamp()
