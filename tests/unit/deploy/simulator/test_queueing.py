from __future__ import annotations

import numpy as np
import pytest

from ekiben.deploy.simulator.queueing import Station, serve
from ekiben.policy.scaling import Constant, Load, TrafficAndBacklog


def test_one_after_the_other() -> None:
    served = serve(np.array([0.0, 0.0, 1.0]), np.array([2.0, 2.0, 2.0]), Constant(1), Station(first=1))
    assert served.waits_s.tolist() == [0, 2, 3]
    assert served.replica_hours == pytest.approx(6 / 3600)


def test_slots_work_side_by_side() -> None:
    served = serve(np.zeros(4), np.full(4, 5.0), Constant(1), Station(first=1, slots=4))
    assert served.waits_s.tolist() == [0, 0, 0, 0]


def test_new_replicas_serve_after_their_start() -> None:
    station = Station(first=1, cold_start_s=30, decide_s=15)
    times = np.arange(0, 600, 1.0)
    served = serve(times, np.full(len(times), 2.0), Constant(4), station)
    assert served.most_replicas == 4
    assert served.waits_s[80] > 0  # decided after a minute, serving half a minute later
    assert served.waits_s[-1] == 0


def test_the_policy_sees_the_load() -> None:
    seen: list[Load] = []

    class Watching(TrafficAndBacklog):
        def desired(self, load: Load) -> int:
            seen.append(load)
            return 2

    times = np.arange(0, 300, 0.5)
    serve(times, np.full(len(times), 0.8), Watching(), Station())
    assert seen[3].arrivals_per_s == pytest.approx(2, abs=0.05)
    assert seen[3].service_s == pytest.approx(0.8)
    assert seen[3].running <= 2
