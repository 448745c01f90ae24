"""A request waits for a worker that was ready a moment ago and is slow to say so again, and for no other."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest

from ekiben.errors import DeadlineExceeded, Unavailable, WorkerLost
from ekiben.gateway import lateness
from ekiben.gateway.attempts import Attempts, Endurance
from ekiben.gateway.fleet import Fleet
from ekiben.gateway.worker_client import Reply, WorkerClient
from ekiben.testing import toy_card
from tests.unit.gateway.conftest import Gateway, until

EMBED = {"model": "toy", "input": "a"}


@pytest.fixture(autouse=True)
def for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits without a reason does not come back before the test's end."""
    monkeypatch.setattr(lateness, "LATE_S", 3_600.0)


async def too_late(*_: object) -> bytes:
    raise WorkerLost("does not answer") from TimeoutError()


async def test_it_waits_for_the_only_worker(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that other work has starved of its processor for a moment."""
    fleet = gateway.state.fleet
    with monkeypatch.context() as patch:
        patch.setattr(WorkerClient, "get", too_late)
        await until(lambda: fleet.counts("toy") == (0, 1))
        asking = asyncio.create_task(gateway.http.post("/v1/embeddings", json=EMBED))
        await until(lambda: fleet._lateness["toy"]._waiting == 1)
        await fleet._lateness["toy"]._changed.wait()
        assert not asking.done()
    assert (await asking).status_code == 200


async def test_nobody_waits_for_one_that_has_been_late_for_long(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet = gateway.state.fleet
    monkeypatch.setattr(WorkerClient, "get", too_late)
    await until(lambda: fleet.counts("toy") == (0, 1))
    (worker,) = fleet.workers()
    assert worker.late_since is not None
    worker.late_since -= 3_601
    answer = await gateway.http.post("/v1/embeddings", json=EMBED)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    await fleet._lateness["toy"]._changed.wait()
    assert worker.late_since < asyncio.get_running_loop().time() - 3_600  # Further late probes are no new beginning.


async def test_nor_for_one_that_says_no(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    async def get(*_: object) -> bytes:
        raise WorkerLost("the worker answers /ready with 503")

    monkeypatch.setattr(WorkerClient, "get", get)
    await until(lambda: gateway.state.fleet.counts("toy") == (0, 1))
    assert (await gateway.http.post("/v1/embeddings", json=EMBED)).status_code == 503


async def test_nor_for_one_that_was_never_ready(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WorkerClient, "get", too_late)
    fleet = Fleet([toy_card()], run_dir, {"toy": ["http://127.0.0.1:1"]})
    await fleet._look()
    with pytest.raises(Unavailable):
        await fleet.infer("toy", b"", {}, 3_600)
    await fleet.close()


async def test_who_judges_others_requests_does_not_wait(run_dir: Path) -> None:
    fleet, _ = two(run_dir)
    with pytest.raises(WorkerLost):
        await fleet.infer("toy", b"", {}, 3_600, waits=False)
    await fleet.close()


async def test_the_deadline_ends_it_as_a_deadline(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WorkerClient, "get", too_late)
    await until(lambda: gateway.state.fleet.counts("toy") == (0, 1))
    with pytest.raises(DeadlineExceeded):
        await gateway.state.fleet.infer("toy", b"", {}, 0.05)


async def test_only_so_many_wait(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lateness, "MOST_WAITING", 0)
    monkeypatch.setattr(WorkerClient, "get", too_late)
    await until(lambda: gateway.state.fleet.counts("toy") == (0, 1))
    assert (await gateway.http.post("/v1/embeddings", json=EMBED)).status_code == 503


async def test_one_that_was_tried_and_is_ready_again_does_not_end_the_wait_for_another(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet, (first, second) = two(run_dir)

    async def infer(worker: WorkerClient, *_: object) -> Reply:
        if worker is first:
            raise WorkerLost("cut off") from ConnectionResetError()
        return Reply(b"", {})

    monkeypatch.setattr(WorkerClient, "infer", infer)
    asking = asyncio.create_task(fleet.infer("toy", b"", {}, 3_600))
    await until(lambda: fleet._lateness["toy"]._waiting == 1)
    fleet._note(first, ready=True)
    ended, _ = await asyncio.wait({asking}, timeout=0.2)
    assert not ended
    fleet._note(second, ready=True)
    await asking
    await fleet.close()


async def test_a_pause_that_would_outlast_the_deadline_is_left_out() -> None:
    first, second = WorkerClient("toy", "http://127.0.0.1:1"), WorkerClient("toy", "http://127.0.0.1:2")
    attempts = attempts_over(first, second, within_s=60.0)
    assert await attempts.next() is first
    attempts.failed(first, lost(ConnectionResetError()))
    assert await asyncio.wait_for(attempts.next(), 10) is second


async def test_a_machine_that_takes_no_connection_has_not_died_of_the_request() -> None:
    workers = [WorkerClient("toy", f"http://127.0.0.1:{port}") for port in range(1, 5)]
    attempts = attempts_over(*workers, within_s=60.0)
    for worker in workers:
        assert await attempts.next() is worker
        attempts.failed(worker, lost(aiohttp.ConnectionTimeoutError()))
    assert await attempts.next() is None


def attempts_over(*workers: WorkerClient, within_s: float) -> Attempts:
    async def nobody_is_late(_: object) -> bool:
        return False

    deadline = asyncio.get_running_loop().time() + within_s
    return Attempts("toy", lambda: workers, lambda _: None, nobody_is_late, deadline, Endurance(2, 3_600.0))


def lost(cause: BaseException) -> WorkerLost:
    error = WorkerLost("lost")
    error.__cause__ = cause
    return error


def two(run_dir: Path) -> tuple[Fleet, tuple[WorkerClient, WorkerClient]]:
    """Where nobody listens: one that is believed ready, and one that is late."""
    urls = ["http://127.0.0.1:1", "http://127.0.0.1:2"]
    fleet = Fleet([toy_card()], run_dir, {"toy": urls})
    first, second = (WorkerClient("toy", url) for url in urls)
    first.ready = True
    second.late_since = asyncio.get_running_loop().time()
    fleet._workers["toy"] = {each.address: each for each in (first, second)}
    return fleet, (first, second)
