"""Any trace file: its form is known by its first line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from ekiben.deploy.policy import Pool
from ekiben.deploy.simulator.formats import counts, node_events
from ekiben.deploy.simulator.formats.steps import Steps, to_ticks
from ekiben.deploy.simulator.formats.table import read_table
from ekiben.deploy.simulator.trace import Trace
from ekiben.errors import OperatorError

_FORMS: tuple[tuple[str, Callable[[Sequence[str]], Steps]], ...] = (
    (r"\[", node_events.read_json),
    (r"[\d.]+,\s*(add|remove),", node_events.read_csv),
    (r"\d{4}-\d{2}-\d{2},", counts.read_dated),
    (r"[\d.]+,\s*\d+\s*$", counts.read_since),
)
_TABLE = "seconds,"


def read_trace(path: Path, *, tick_s: float, spot_price: float) -> Trace:
    """Read a trace of one pool, or of several in our own form.

    Args:
        path: The file; its stem becomes the trace's name.
        tick_s: Seconds of a tick.
        spot_price: What a spot replica costs for an hour, in the unit of the on-demand price.

    Raises:
        OperatorError: It cannot be read, or is in none of the forms.
    """
    try:
        lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
        if not lines:
            raise OperatorError(f"{path}: is empty")
        if lines[0].startswith(_TABLE):
            return read_table(path.stem, lines, tick_s, spot_price)
        steps = _reader(path, lines[0])(lines)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise OperatorError(f"{path}: cannot be read as a trace: {error}") from None
    pool = Pool(region=path.stem, zone=path.stem, instance_type="", spot_price=spot_price)
    return Trace(path.stem, tick_s, (pool,), to_ticks(steps, tick_s)[:, None])


def _reader(path: Path, first: str) -> Callable[[Sequence[str]], Steps]:
    for pattern, reader in _FORMS:
        if re.match(pattern, first):
            return reader
    raise OperatorError(f"{path}: begins with {first[:40]!r}, which no form of traces does; docs/spot-simulator.md")
