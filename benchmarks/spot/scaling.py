"""Scaling policies under bursty requests: how long the unlucky wait, and what that costs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness.report import Report
from ekiben.deploy.simulator.arrivals import read_arrivals
from ekiben.deploy.simulator.queueing import Station, serve
from ekiben.policy.scaling import (
    BacklogPerReplica,
    Constant,
    QueueThresholds,
    ScalingPolicy,
    TrafficAndBacklog,
    Utilization,
)

# Assumed, since the traces do not say it: seconds for a token, and for a query of fixed length.
_TOKEN_S, _QUERY_S = 0.025, 8.0
_COLUMNS = ("policy", "p99 wait", "mean wait", "replica-hours", "most replicas")
Requests = tuple[str, NDArray[np.float64], NDArray[np.float64]]


def scaling(report: Report, folder: Path) -> None:
    """Add a table for each trace of arrivals."""
    for name, times, services in _requests(folder):
        load = float(services.sum() / times[-1])
        most = math.ceil(4 * load + 4)
        station = Station(first=max(2, math.ceil(load)))
        gaps = np.diff(times)
        served = {label: serve(times, services, policy, station) for label, policy in _policies(load, most).items()}
        rows = [
            (
                label,
                f"{np.percentile(found.waits_s, 99):.1f} s",
                f"{found.waits_s.mean():.2f} s",
                f"{found.replica_hours:.2f}",
                str(found.most_replicas),
            )
            for label, found in served.items()
        ]
        burstiness = gaps.std() / gaps.mean()
        head = f"Scaling: {name}, {len(times):,} requests in {times[-1] / 60:.0f} min, CV of gaps {burstiness:.1f}"
        report.table(head, _COLUMNS, rows)
        report.facts.setdefault("scaling", {})[name] = rows


def _policies(load: float, most: int) -> dict[str, ScalingPolicy]:
    return {
        "traffic and backlog (ours)": TrafficAndBacklog(most=most),
        "static, 1.25 × the mean load": Constant(math.ceil(1.25 * load)),
        "static, 2 × the mean load": Constant(math.ceil(2 * load)),
        "utilization 0.7 (HPA-like)": Utilization(most=most),
        "backlog: 2 a replica": BacklogPerReplica(most=most),
        "queue above 20, below 5": QueueThresholds(most=most),
    }


def _requests(folder: Path) -> Iterator[Requests]:
    for name in ("AzureLLMInferenceTrace_conv.csv", "AzureLLMInferenceTrace_code.csv"):
        found = read_arrivals(next(folder.rglob(name)))
        yield name, found.times_s, 0.2 + found.tokens * _TOKEN_S
    for path in sorted(folder.rglob("query_*.txt")):
        found = read_arrivals(path)
        yield path.name, found.times_s, np.full(len(found.times_s), _QUERY_S)
    for seed in (0, 1):
        random = np.random.default_rng(seed)
        gaps = random.gamma(1 / 36, 36 / 0.6, 4_000)  # CV 6, 0.6 requests/s
        yield f"generated, gamma, seed {seed}", np.cumsum(gaps), np.full(len(gaps), _QUERY_S)
