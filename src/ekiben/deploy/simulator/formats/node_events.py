"""Nodes that come and go, as published with Bamboo (NSDI'23), Parcae (NSDI'24) and SpotServe (ASPLOS'24).

Two spellings of the same: CSV, `milliseconds,add|remove,node`; or a JSON list a line,
`[milliseconds, "add"|"remove"|"no-op"|"DONE", {"nodes": [...]}]`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ekiben.deploy.simulator.formats.steps import Steps

_SIGNS = {"add": 1, "remove": -1, "no-op": 0, "DONE": 0}


class Change(NamedTuple):
    """So many nodes more or fewer at a time."""

    time_s: float
    nodes: int


def read_csv(lines: Sequence[str]) -> Steps:
    """Read the CSV form."""
    return _accumulate(Change(float(ms) / 1000, _SIGNS[verb]) for ms, verb, _ in csv.reader(lines))


def read_json(lines: Sequence[str]) -> Steps:
    """Read the form of one JSON list a line; the last line's time, or its duration, ends the trace."""
    records = [json.loads(line) for line in lines]
    steps = _accumulate(Change(ms / 1000, _SIGNS[verb] * len(what["nodes"])) for ms, verb, what in records)
    last_ms, _, what = records[-1]
    return steps._replace(end_s=(last_ms + what.get("duration", 0)) / 1000)


def _accumulate(changes: Iterator[Change]) -> Steps:
    times: list[float] = []
    values: list[int] = []
    nodes = 0
    for change in changes:
        nodes += change.nodes
        times.append(change.time_s)
        values.append(nodes)
    return Steps(times, values, times[-1])
