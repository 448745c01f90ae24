"""Which errors are worth another attempt."""

from __future__ import annotations

import pytest

from ekiben.errors import (
    ContentBlocked,
    DeadlineUnreachable,
    DeviceOutOfMemory,
    EkibenError,
    Internal,
    InvalidRequest,
    ModelUnloaded,
    Overloaded,
    QueueFull,
    ShuttingDown,
    Unavailable,
    WorkerLost,
)
from ekiben.jobs import Fault
from ekiben.worker.jobs.away import Away, not_begun
from ekiben.worker.jobs.blame import fault_of, problem_of


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (InvalidRequest("no"), Fault.PERMANENT),
        (ContentBlocked("no"), Fault.PERMANENT),
        (DeadlineUnreachable("no"), Fault.CAPACITY),
        (DeviceOutOfMemory("no"), Fault.CAPACITY),
        (Overloaded("no"), Fault.CAPACITY),
        (Away(DeviceOutOfMemory("no")), Fault.AWAY),
        (Unavailable("no"), Fault.TRANSIENT),
        (Internal("no"), Fault.TRANSIENT),
        (OSError("no"), Fault.TRANSIENT),
        (RuntimeError("no"), Fault.TRANSIENT),
    ],
)
def test_trying_again_helps_or_not(error: Exception, fault: Fault) -> None:
    assert fault_of(error) is fault


@pytest.mark.parametrize("error", [Overloaded("no"), QueueFull("no"), Unavailable("no"), WorkerLost("no")])
def test_before_a_job_has_begun_it_is_not_to_blame(error: EkibenError) -> None:
    with pytest.raises(Away) as away, not_begun():
        raise error
    assert problem_of(away.value) == problem_of(error)


@pytest.mark.parametrize(
    "error", [DeviceOutOfMemory("no"), DeadlineUnreachable("no"), ModelUnloaded("no"), ShuttingDown("no"), Internal("")]
)
def test_what_is_the_jobs_own_or_has_another_end_stays_so(error: EkibenError) -> None:
    with pytest.raises(type(error)), not_begun():
        raise error


def test_only_what_was_written_for_callers_is_told_to_them() -> None:
    assert problem_of(InvalidRequest("width is wrong")).message == "width is wrong"
    assert "/secret" not in problem_of(OSError("/secret/path")).message
    assert "secret" not in problem_of(RuntimeError("secret")).message
