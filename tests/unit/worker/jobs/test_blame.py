"""Which errors are worth another attempt."""

from __future__ import annotations

import pytest

from ekiben.errors import ContentBlocked, DeviceOutOfMemory, Internal, InvalidRequest, Overloaded, Unavailable
from ekiben.jobs import Fault
from ekiben.worker.jobs.blame import fault_of, problem_of


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (InvalidRequest("no"), Fault.PERMANENT),
        (ContentBlocked("no"), Fault.PERMANENT),
        (Overloaded("no"), Fault.CAPACITY),
        (DeviceOutOfMemory("no"), Fault.CAPACITY),
        (Unavailable("no"), Fault.TRANSIENT),
        (Internal("no"), Fault.TRANSIENT),
        (OSError("no"), Fault.TRANSIENT),
        (RuntimeError("no"), Fault.TRANSIENT),
    ],
)
def test_trying_again_helps_or_not(error: Exception, fault: Fault) -> None:
    assert fault_of(error) is fault


def test_only_what_was_written_for_callers_is_told_to_them() -> None:
    assert problem_of(InvalidRequest("width is wrong")).message == "width is wrong"
    assert "/secret" not in problem_of(OSError("/secret/path")).message
    assert "secret" not in problem_of(RuntimeError("secret")).message
