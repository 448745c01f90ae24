"""Several pools in one file, our own form: a header `seconds,region/zone/type,…`, then the counts from each time on."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np

from ekiben.deploy.policy import Pool
from ekiben.deploy.simulator.formats.steps import Steps, to_ticks
from ekiben.deploy.simulator.trace import Trace


def read_table(name: str, lines: Sequence[str], tick_s: float, spot_price: float) -> Trace:
    """Read a table; its last line says only when the trace ends."""
    header, *rows = csv.reader(lines)
    times = [float(row[0]) for row in rows]
    pools = tuple(_pool(column, spot_price) for column in header[1:])
    columns = [
        to_ticks(Steps(times, [int(row[index]) for row in rows], times[-1]), tick_s) for index in range(1, len(header))
    ]
    return Trace(name, tick_s, pools, np.stack(columns, axis=1))


def write_table(trace: Trace) -> str:
    """The trace as a table, a line for each change."""
    changed = np.flatnonzero(np.any(np.diff(trace.capacity, axis=0) != 0, axis=1)) + 1
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["seconds", *(f"{pool.region}/{pool.zone}/{pool.instance_type}" for pool in trace.pools)])
    for tick in (0, *changed.tolist()):
        writer.writerow([f"{tick * trace.tick_s:g}", *trace.capacity[tick].tolist()])
    writer.writerow([f"{trace.ticks * trace.tick_s:g}", *trace.capacity[-1].tolist()])
    return text.getvalue()


def _pool(column: str, spot_price: float) -> Pool:
    region, zone, instance_type = [*column.split("/"), "", ""][:3]
    return Pool(region, zone or region, instance_type, spot_price)
