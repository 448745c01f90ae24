"""Workers that end, die and hang, as the fleet sees them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ekiben.errors import ShuttingDown, WorkerLost
from ekiben.gateway.fleet import Fleet
from ekiben.gateway.road import TEXT
from ekiben.gateway.worker_client import WorkerClient
from ekiben.testing import toy_card
from ekiben.worker.host import changing_path
from tests.unit.gateway.conftest import Gateway, until

EMBED = {"model": "toy", "input": "a"}


async def test_a_worker_that_ends_in_order_still_answers_what_it_accepted(gateway: Gateway) -> None:
    holding = asyncio.create_task(gateway.http.post("/v1/embeddings", json={"model": "toy", "input": "wait"}))
    await asyncio.to_thread(gateway.model.waiting.wait, 10)
    closing = asyncio.create_task(gateway.listener.close())
    await until(lambda: not gateway.state.fleet.workers())
    gateway.model.gate.set()
    assert (await holding).status_code == 200
    await closing


async def test_a_request_that_kills_its_workers_is_tried_twice_only(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[WorkerClient] = []

    async def infer(worker: WorkerClient, *_: object) -> None:
        asked.append(worker)
        raise WorkerLost("cut off") from ConnectionResetError()

    monkeypatch.setattr(WorkerClient, "infer", infer)
    fleet = _fleet(run_dir, 4)
    with pytest.raises(WorkerLost):
        await fleet.infer("toy", b"", {}, 1)
    assert len(asked) == 2
    assert fleet.counts("toy") == (2, 4)
    await fleet.close()


async def test_workers_that_refuse_a_request_never_had_it_and_do_not_count(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[WorkerClient] = []

    async def infer(worker: WorkerClient, *_: object) -> None:
        asked.append(worker)
        raise WorkerLost("not there") from ConnectionRefusedError()

    monkeypatch.setattr(WorkerClient, "infer", infer)
    fleet = _fleet(run_dir, 4)
    with pytest.raises(WorkerLost):
        await fleet.infer("toy", b"", {}, 1)
    assert len(asked) == 4
    await fleet.close()


async def test_an_answer_in_parts_begins_at_the_next_worker_when_one_is_leaving(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[WorkerClient] = []

    @asynccontextmanager
    async def generate(worker: WorkerClient, *_: object) -> AsyncIterator[AsyncIterator[bytes]]:
        asked.append(worker)
        if len(asked) < 4:
            raise ShuttingDown("leaving")
        yield _lines()

    monkeypatch.setattr(WorkerClient, "generate", generate)
    fleet = _fleet(run_dir, 4)
    async with fleet.generate(TEXT, "toy", b"", {}, 1) as lines:
        assert [line async for line in lines] == [b"a"]
    assert len(asked) == 4
    assert fleet.counts("toy") == (1, 4)
    await fleet.close()


async def _lines() -> AsyncIterator[bytes]:
    yield b"a"


async def test_a_worker_lost_by_a_request_is_logged(run_dir: Path) -> None:
    fleet = _fleet(run_dir, 1)
    with capture_logs() as logs, pytest.raises(WorkerLost):
        await fleet.infer("toy", b"", {}, 1)  # Nobody listens there.
    assert [(entry["event"], entry["model"]) for entry in logs] == [("worker gone", "toy")]
    await fleet.close()


async def test_an_unexpected_fault_does_not_end_the_watch(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = gateway.state.fleet
    looked = 0

    async def look() -> None:
        nonlocal looked
        looked += 1
        raise RuntimeError("unforeseen")

    with monkeypatch.context() as patch:
        patch.setattr(fleet, "_look", look)
        await until(lambda: looked > 1)
    await gateway.listener.close()
    await until(fleet.missing)


async def test_a_machine_that_takes_no_connections_is_a_lost_worker_not_a_late_one() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):  # It fills the backlog; the next waits.
            worker = WorkerClient("toy", f"http://127.0.0.1:{port}", connect_timeout_s=0.1)
            with pytest.raises(WorkerLost):
                await worker.infer(b"", {}, 10)
            await worker.close()


def _fleet(run_dir: Path, workers: int) -> Fleet:
    """Workers at addresses where nobody listens, believed ready."""
    urls = [f"http://127.0.0.1:{port}" for port in range(1, workers + 1)]
    fleet = Fleet([toy_card()], run_dir, {"toy": urls})
    for url in urls:
        worker = WorkerClient("toy", url)
        worker.ready = True
        fleet._workers["toy"][url] = worker
    return fleet


async def test_a_worker_that_is_loading_is_not_taken_for_lost(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A language model's load may hold its process up for longer than a probe waits."""
    fleet = gateway.state.fleet
    (worker,) = fleet.workers()
    assert isinstance(worker.address, Path)

    monkeypatch.setattr(WorkerClient, "get", _too_late)
    changing = changing_path(worker.address)
    changing.touch()
    await fleet._look()
    assert fleet.counts("toy") == (1, 1)
    changing.unlink()
    await fleet._look()
    assert fleet.counts("toy") == (0, 1)


async def _too_late(*_: object) -> bytes:
    raise WorkerLost("does not answer") from TimeoutError()


async def test_workers_keep_their_numbers(run_dir: Path) -> None:
    fleet = _fleet(run_dir, 0)
    for pid in (11, 12):
        (run_dir / f"toy.{pid}.sock").touch()
    fleet._probe = _nothing  # type: ignore[method-assign, assignment]
    await fleet._look()
    numbers = {worker.address: worker.number for worker in fleet.workers()}
    assert sorted(numbers.values()) == [0, 1]
    first = run_dir / "toy.11.sock"
    await fleet._forget("toy", fleet._workers["toy"][first])
    (run_dir / "toy.13.sock").touch()
    await fleet._look()
    assert {worker.address: worker.number for worker in fleet.workers()} == {
        run_dir / "toy.12.sock": numbers[run_dir / "toy.12.sock"],
        run_dir / "toy.13.sock": numbers[first],
    }
    await fleet.close()


async def _nothing(*_: object) -> None:
    pass
