"""Which requests get a line."""

from __future__ import annotations

from collections.abc import Callable

from structlog.testing import capture_logs

from ekiben.gateway.access_log import AccessLog
from ekiben.gateway.call import Call

SCOPE = {"path": "/v1/embeddings", "method": "POST"}


class Later:
    """What was put off."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []

    def __call__(self, seconds: float, call: Callable[[], None]) -> None:
        assert seconds == 1
        self.calls.append(call)


def write(log: AccessLog, status: int, count: int) -> None:
    for _ in range(count):
        log.write(SCOPE, Call("id", 0.0), "/v1/embeddings", status, 0.001)


def test_refusals_beyond_ten_a_second_are_counted_and_everything_else_is_listed() -> None:
    later = Later()
    log = AccessLog(later)
    with capture_logs() as lines:
        write(log, 429, 25)
        write(log, 503, 5)
        write(log, 200, 30)
        write(log, 401, 30)
        (end,) = later.calls
        end()
        write(log, 429, 1)
    listed = [line["status"] for line in lines if line["event"] == "request"]
    assert {status: listed.count(status) for status in listed} == {429: 11, 200: 30, 401: 30}
    (summary,) = [line for line in lines if line["event"] == "refusals not listed"]
    assert summary["count"] == 20


def test_a_few_refusals_need_no_summary() -> None:
    later = Later()
    with capture_logs() as lines:
        write(AccessLog(later), 429, 10)
        later.calls[0]()
    assert [line["event"] for line in lines] == ["request"] * 10
