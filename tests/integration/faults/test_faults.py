"""The fault bench in its short form, and that it finds a bug of each kind when one is planted."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.faults.history import Violation
from benchmarks.faults.nemeses import possible
from benchmarks.faults.planted import EARLY_ACKNOWLEDGEMENT, LOST_HEARTBEAT, NO_FENCING
from benchmarks.faults.run import Plan, put_to_test
from benchmarks.faults.schedule import Fault, Nemesis, schedule

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short enough for Unix sockets."""
    return tmp_path_factory.mktemp("f")


async def test_no_job_is_lost_or_published_twice_whatever_dies(folder: Path) -> None:
    kinds, _ = possible()
    verdict = await put_to_test(Plan(200, schedule(2, 1, kinds, pause_s=0.8), seed=2), folder)
    assert verdict.violations == {}
    assert verdict.accepted == sum(verdict.states.values()) >= 200
    assert verdict.interruptions
    assert verdict.handed_back


@pytest.mark.parametrize(
    ("bug", "nemesis", "found"),
    [
        (NO_FENCING, "freeze worker", Violation.WRONG_RESULT),
        (LOST_HEARTBEAT, "delay network", Violation.LEASE_BROKEN),
        (EARLY_ACKNOWLEDGEMENT, "kill gateway", Violation.LOST),
    ],
)
async def test_a_planted_bug_is_found(folder: Path, bug: str, nemesis: Nemesis, found: Violation) -> None:
    """Steps of a second: jobs take longer than a lease, so that a fault meets each of them."""
    faults = [Fault(after_s, nemesis, worker) for after_s, worker in ((2.0, 0), (1.0, 1))]
    verdict = await put_to_test(Plan(6, faults, seed=1, step_s=1.0, batch=1, bugs=bug), folder)
    assert found in set().union(*verdict.violations.values())
