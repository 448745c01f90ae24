"""A worker's entry: there while it is ready, gone when it leaves, whatever Valkey does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from ekiben.errors import ConfigurationError
from ekiben.jobs import Presence, Store
from ekiben.worker import announcing
from ekiben.worker.tensor_servable import TensorServable
from tests.unit.jobs.server import running_valkey
from tests.unit.worker.announced import announced_worker


@pytest.fixture(scope="module")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_valkey(tmp_path_factory.mktemp("v")) as server:
        yield server.url


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("w")


@pytest.fixture
async def there(valkey_url: str) -> AsyncIterator[Presence]:
    async with Store(valkey_url) as store:
        yield Presence(store)


async def until_urls(there: Presence, urls: list[str]) -> None:
    async with asyncio.timeout(5):
        while [found.url for found in await there.present(["toy"])] != urls:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


async def test_a_ready_worker_says_where_what_and_who_it_is(
    valkey_url: str, folder: Path, there: Presence, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with announced_worker(folder, valkey_url, monkeypatch) as worker:
        await until_urls(there, [worker.url])
        (told,) = await there.present(["toy"])
        assert (told.model, told.version, told.instance) == ("toy", "1.0.0", folder.name)
    assert await there.present(["toy"]) == []


async def test_one_that_is_not_ready_any_more_withdraws_and_comes_back(
    valkey_url: str, folder: Path, there: Presence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "RENEWAL_S", 0.01)
    async with announced_worker(folder, valkey_url, monkeypatch) as worker:
        await until_urls(there, [worker.url])
        with monkeypatch.context() as patch:
            patch.setattr(TensorServable, "ready", False)
            await until_urls(there, [])
        await until_urls(there, [worker.url])


async def test_a_handed_back_worker_is_gone_refuses_other_machines_and_finishes_what_it_has(
    valkey_url: str, folder: Path, there: Presence, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with announced_worker(folder, valkey_url, monkeypatch, worker_token="secret") as worker:
        await until_urls(there, [worker.url])
        local = httpx.AsyncHTTPTransport(uds=str(worker.socket))
        known = {"authorization": "Bearer secret"}
        async with (
            httpx.AsyncClient(base_url=worker.url, headers=known) as elsewhere,
            httpx.AsyncClient(transport=local, base_url="http://worker") as beside,
        ):
            held = asyncio.create_task(elsewhere.post("/infer", json=_asked("wait")))
            await asyncio.to_thread(worker.model.waiting.wait, 10)
            handing_back = asyncio.create_task(beside.post("/hand-back", timeout=30))
            await until_urls(there, [])

            refused = await elsewhere.post("/infer", json=_asked("a"))
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "shutting_down")
            assert (await elsewhere.get("/ready")).status_code == 503
            assert (await elsewhere.get("/ready", headers={"authorization": "no"})).status_code == 401
            assert (await elsewhere.get("/metrics")).status_code == 200
            # The gateway beside it is drained by itself; what that has accepted still comes through.
            assert (await beside.get("/ready")).status_code == 200
            accepted = asyncio.create_task(beside.post("/infer", json=_asked("b")))
            assert not held.done()
            assert not handing_back.done()

            worker.model.gate.set()
            assert (await held).status_code == (await accepted).status_code == (await handing_back).status_code == 200
            assert (await beside.post("/hand-back")).status_code == 200  # Once more changes nothing.
    assert await there.present(["toy"]) == []


async def test_without_valkey_a_worker_serves_all_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with announced_worker(folder, f"unix://{folder}/nobody.sock", monkeypatch) as worker:
        async with httpx.AsyncClient(base_url=worker.url) as http:
            assert (await http.post("/infer", json=_asked("a"))).status_code == 200
        async with asyncio.timeout(5):
            await worker.host._leave()


async def test_settings_that_do_not_fit_stop_the_start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="EKIBEN_WORKER_ADVERTISE needs EKIBEN_WORKER_LISTEN"):
        async with announced_worker(folder, "unix:///nobody", monkeypatch, worker_listen=""):
            pass


def _asked(text: str) -> dict[str, object]:
    return {"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": [text]}]}
