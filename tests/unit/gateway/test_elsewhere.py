"""Workers that announce themselves from other machines: found, listed, parted from, and kept while Valkey is away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from ekiben.errors import ConfigurationError, WorkerLost
from ekiben.gateway import elsewhere
from ekiben.gateway.app import build_app
from ekiben.gateway.host import build_state
from ekiben.gateway.state import GatewayState
from ekiben.gateway.worker_client import WorkerClient
from ekiben.jobs import Announcement, EmbeddedValkey, Presence, Store
from ekiben.settings import load_settings
from ekiben.testing import toy_card
from tests.unit.gateway.conftest import until
from tests.unit.worker.announced import AnnouncedWorker, announced_worker

EMBED = {"model": "toy", "input": "a"}


@dataclass
class Place:
    """A gateway without workers of its own, and a way to have some elsewhere."""

    state: GatewayState
    http: httpx.AsyncClient
    valkey_url: str
    stack: AsyncExitStack
    factory: pytest.TempPathFactory
    monkeypatch: pytest.MonkeyPatch

    async def worker(self, **changes: Any) -> AnnouncedWorker:
        """One more; waits until the gateway has it."""
        folder = self.factory.mktemp("w")
        worker = await self.stack.enter_async_context(
            announced_worker(folder, self.valkey_url, self.monkeypatch, **changes)
        )
        await until(lambda: worker.url in self.ready())
        return worker

    def ready(self) -> set[str]:
        return {worker.url for worker in self.state.fleet.ready_workers("toy")}

    def known(self) -> set[str]:
        return {worker.url for worker in self.state.fleet.workers()}

    async def embed(self, text: str = "a") -> int:
        return (await self.http.post("/v1/embeddings", json={**EMBED, "input": text})).status_code


@pytest.fixture
async def place(
    valkey_url: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Place]:
    async with a_place(valkey_url, tmp_path_factory, monkeypatch) as found:
        yield found


@asynccontextmanager
async def a_place(
    url: str, factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, **changes: Any
) -> AsyncIterator[Place]:
    monkeypatch.setattr(elsewhere, "_EVERY_S", 0.02)
    folder = factory.mktemp("g")
    given = {"run_dir": folder / "run", "state_dir": folder / "state", "workers_elsewhere": "toy", "valkey_url": url}
    state = build_state([toy_card()], load_settings(**given, **changes))
    assert state.elsewhere is not None
    assert state.jobs is not None
    transport = httpx.ASGITransport(app=build_app(state), raise_app_exceptions=False)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=30) as http,
        AsyncExitStack() as stack,
    ):
        await state.elsewhere.start()
        await state.fleet.start()
        stack.push_async_callback(state.jobs.store.__aexit__)
        stack.push_async_callback(state.elsewhere.close)
        stack.push_async_callback(state.fleet.close)
        yield Place(state, http, url, stack, factory, monkeypatch)


async def test_nobody_there_is_no_reason_to_end_and_one_makes_the_model_ready(place: Place) -> None:
    assert await place.embed() == 503
    assert (place.state.ready, place.state.gone) == (False, {})
    health = (await place.http.get("/health")).json()["components"][0]
    assert (health["status"], health["workers"]) == ("degraded", [])
    worker = await place.worker(instance="i-0abc")
    assert await place.embed() == 200
    assert (await place.http.get("/readyz")).status_code == 200
    health = (await place.http.get("/health")).json()["components"][0]
    assert (health["status"], health["workers_expected"], health["workers_ready"]) == ("ok", 1, 1)
    assert health["workers"] == [{"instance": "i-0abc", "version": "1.0.0", "ready": True, "items_in_flight": 0}]
    assert worker.model.batches[-1] == [b"a"]


async def test_those_that_come_get_requests_and_those_that_leave_finish_theirs(place: Place) -> None:
    first = await place.worker()
    held = asyncio.create_task(place.embed("wait"))
    await asyncio.to_thread(first.model.waiting.wait, 10)
    second = await place.worker()
    assert await place.embed("b") == 200
    assert second.model.batches[-1] == [b"b"]  # The less busy one.

    leaving = asyncio.create_task(first.host._hand_back())
    await until(lambda: place.known() == {second.url})
    assert await place.embed("c") == 200
    assert not held.done()
    first.model.gate.set()
    assert await held == 200
    await leaving
    assert place.state.ready


async def test_a_worker_that_leaves_before_the_gateway_hears_of_it_costs_no_request(place: Place) -> None:
    first, second = await place.worker(), await place.worker()
    place.monkeypatch.setattr(elsewhere, "_EVERY_S", 60)
    for worker in (first, second):
        before = len(second.model.batches) + len(first.model.batches)
        # As between two probes and two readings.
        place.monkeypatch.setattr(WorkerClient, "get", _never)
        assert worker.host._door is not None
        worker.host._door.shut()
        if worker is first:
            assert [await place.embed() for _ in range(4)] == [200] * 4
            assert len(second.model.batches) + len(first.model.batches) == before + 4
    last = await place.http.post("/v1/embeddings", json=EMBED)
    assert (last.status_code, last.json()["error"]["code"], last.headers["retry-after"]) == (503, "unavailable", "1")


async def _never(*_: object) -> bytes:
    await asyncio.sleep(3_600)
    return b""


async def test_a_machine_that_fell_silent_gives_its_requests_to_the_next(place: Place) -> None:
    """It closes no connection, as one whose power is cut."""
    asked = asyncio.Event()

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET /ready") and not asked.is_set():
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
            writer.close()
            return
        if head.startswith(b"POST /infer"):
            asked.set()
        with contextlib.suppress(asyncio.CancelledError):
            await silence.wait()
        writer.close()

    silence = asyncio.Event()
    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with Store(place.valkey_url) as store:
        told = Announcement(model="toy", url=url, version="1.0.0", instance="i-1", since=0)
        await Presence(store).announce("w1", told)
        await until(lambda: url in place.ready())
        held = asyncio.create_task(place.embed())
        await asked.wait()
        await until(lambda: not place.ready())
        await place.worker()
        assert not held.done()
        await Presence(store).withdraw("w1", "toy")  # As when it expires.
        assert await held == 200
    silence.set()
    server.close()
    await server.wait_closed()


@dataclass
class Mortal:
    """A machine that every request it gets kills, with `others` at the same moment."""

    asked: int = 0
    others: tuple[Mortal, ...] = ()
    server: asyncio.Server | None = None
    url: str = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET /ready"):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        elif head.startswith(b"POST /infer"):
            self.asked += 1
            self.die()
            for other in self.others:
                asyncio.get_running_loop().call_later(0.05, other.die)
        writer.close()

    def die(self) -> None:
        assert self.server is not None
        self.server.close()


@asynccontextmanager
async def mortals(place: Place, count: int) -> AsyncIterator[list[Mortal]]:
    """So many, announced and ready."""
    made = [Mortal() for _ in range(count)]
    async with Store(place.valkey_url) as store:
        for number, each in enumerate(made):
            each.server = await asyncio.start_server(each.answer, "127.0.0.1", 0)
            each.url = f"http://127.0.0.1:{each.server.sockets[0].getsockname()[1]}"
            told = Announcement(model="toy", url=each.url, version="1.0.0", instance=f"i-{number}", since=0)
            await Presence(store).announce(f"w{number}", told)
        await until(lambda: {each.url for each in made} <= place.ready())
        yield made
        for each in made:
            each.die()


async def test_machines_that_are_taken_together_take_no_request_with_them(place: Place) -> None:
    left = await place.worker()
    held = asyncio.create_task(place.embed("wait"))  # So that it is the busiest, and asked last.
    await asyncio.to_thread(left.model.waiting.wait, 10)
    async with mortals(place, 4) as machines:
        for each in machines:
            each.others = tuple(other for other in machines if other is not each)
        answer = asyncio.create_task(place.embed("b"))
        await until(lambda: sum(each.asked for each in machines) > 0)
        left.model.gate.set()
        assert (await answer, await held) == (200, 200)
        assert sum(each.asked for each in machines) == 1  # By the second attempt it shows who is gone.


async def test_a_request_that_kills_every_machine_it_gets_to_kills_three_at_most(place: Place) -> None:
    async with mortals(place, 5) as machines:
        assert await place.embed() == 503
        assert sum(each.asked for each in machines) == 3


async def test_while_valkey_is_away_the_workers_stay(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("v")
    server = EmbeddedValkey(folder / "state", folder / "v.sock")
    await server.start()
    async with a_place(server.url, tmp_path_factory, monkeypatch) as place:
        worker = await place.worker()
        with capture_logs() as logs:
            await server.stop()
            await until(lambda: any("cannot read which workers" in entry["event"] for entry in logs))
            assert place.ready() == {worker.url}
            assert await place.embed() == 200
            # Another server without anything on it: they have the time of an entry to announce themselves again.
            other = EmbeddedValkey(folder / "other", folder / "v.sock")
            await other.start()
            await until(lambda: any("can be read again" in entry["event"] for entry in logs))
        assert place.known() == {worker.url}
        assert await place.embed() == 200
        assert place.state.elsewhere is not None
        place.state.elsewhere._keep_until = 0.0
        async with Store(other.url) as store, asyncio.timeout(10):
            while not await Presence(store).present(["toy"]):  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
        await until(lambda: place.ready() == {worker.url})
    await other.stop()


async def test_a_worker_that_was_parted_from_is_lost_to_whoever_still_meant_to_ask_it() -> None:
    worker = WorkerClient("toy", "http://127.0.0.1:1")
    await worker.retire()
    for asking in (worker.infer(b"", {}, 1), worker.get("/metrics"), worker.command("/load", 1)):
        with pytest.raises(WorkerLost):
            await asking


def test_settings_that_do_not_fit_stop_the_start(run_dir: Path) -> None:
    with pytest.raises(ConfigurationError, match="EKIBEN_WORKERS_ELSEWHERE names toi"):
        build_state([toy_card()], load_settings(run_dir=run_dir, workers_elsewhere="toi"))
