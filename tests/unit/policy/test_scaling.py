from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekiben.policy.scaling import (
    BacklogPerReplica,
    Constant,
    Load,
    QueueThresholds,
    ScalingPolicy,
    TrafficAndBacklog,
    Utilization,
)


def load(queued: int = 0, running: int = 0, replicas: int = 4, rate: float = 0.0, peak: float = 0.0) -> Load:
    return Load(queued, running, replicas, 2.0, 1, rate, peak)


@pytest.mark.parametrize(
    ("queued", "replicas", "wanted"), [(21, 4, 5), (20, 4, 4), (5, 4, 4), (4, 4, 3), (99, 8, 8), (0, 2, 2)]
)
def test_the_handbook_s_rule(queued: int, replicas: int, wanted: int) -> None:
    assert QueueThresholds().desired(load(queued, replicas=replicas)) == wanted


def test_utilization_tolerates_small_differences() -> None:
    policy = Utilization()
    assert policy.desired(load(running=3, replicas=4)) == 4
    assert policy.desired(load(running=4, replicas=4)) == 6


def test_backlog_per_replica() -> None:
    assert BacklogPerReplica().desired(load(queued=5, running=4)) == 5


def test_traffic_and_backlog_counts_both_and_remembers_the_peak() -> None:
    policy = TrafficAndBacklog(most=50)
    steady = policy.desired(load(rate=2.0))
    assert steady == 6  # 4 busy, 2 to spare
    assert policy.desired(load(rate=2.0, queued=30)) == steady + 2
    assert policy.desired(load(rate=0.0, peak=2.0)) == steady


def test_constant() -> None:
    assert Constant(3).desired(load(queued=99)) == 3


@given(st.integers(0, 200), st.integers(0, 8), st.floats(0, 50))
@pytest.mark.parametrize("policy", [QueueThresholds(), Utilization(), BacklogPerReplica(), TrafficAndBacklog()])
def test_more_that_waits_never_means_fewer(policy: ScalingPolicy, queued: int, running: int, rate: float) -> None:
    one = policy.desired(load(queued, running, rate=rate))
    assert 2 <= one <= 8
    assert policy.desired(load(queued + 10, running, rate=rate)) >= one
