"""Machines that come and go, each an `ekiben serve` of one model, behind a gateway that starts none itself."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import pytest

from tests.e2e.conftest import Platform, free_port, start_platform
from tests.unit.jobs.server import running_valkey

if TYPE_CHECKING:
    from tests.e2e.tiny_models import TinyModels

TINY = "tiny-sd"
MODEL = "all-minilm-l6-v2"
TOKEN = "a-secret-between-machines"
EMBED = {"model": MODEL, "input": "a cat"}
_CALLERS = 4


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short enough for Unix sockets."""
    return tmp_path_factory.mktemp("e")


@pytest.mark.slow
async def test_machines_join_die_and_leave_without_a_failed_request(folder: Path) -> None:
    with ExitStack() as stack:
        valkey = stack.enter_context(running_valkey(folder / "v"))
        shared = {"EKIBEN_VALKEY_URL": valkey.url, "EKIBEN_VALKEY_DURABLE": "1", "EKIBEN_WORKER_TOKEN": TOKEN}

        def machine(name: str) -> Platform:
            return stack.enter_context(running(folder / name, **shared, **machine_settings(name)))

        first, second = machine("one"), machine("two")
        gateway = stack.enter_context(running(folder / "gateway", **shared, EKIBEN_WORKERS_ELSEWHERE=MODEL))
        async with httpx.AsyncClient(base_url=gateway.base_url, timeout=60) as http:
            await until(lambda: ready(gateway) == {"one", "two"})
            assert not list(gateway.run_dir.glob(f"{MODEL}*"))
            async with asked(http) as statuses:
                await until(lambda: statuses[200] > 50)

                kill(first)
                before = statuses[200]
                await until(lambda: ready(gateway) == {"two"} and statuses[200] > before + 20)

                machine("three")
                await until(lambda: ready(gateway) == {"two", "three"})

                assert second.stop() == 0
                before = statuses[200]
                await until(lambda: known(gateway) == {"three"} and statuses[200] > before + 20)
            assert set(statuses) == {200}
        assert TOKEN not in gateway.log.read_text()


@pytest.mark.slow
async def test_a_machine_that_ends_finishes_the_picture_it_was_asked_for(folder: Path, tiny_models: TinyModels) -> None:
    with ExitStack() as stack:
        valkey = stack.enter_context(running_valkey(folder / "v"))
        shared = {"EKIBEN_VALKEY_URL": valkey.url, "EKIBEN_WORKER_TOKEN": TOKEN, **tiny_models.environment}
        machine = stack.enter_context(running(folder / "one", TINY, **shared, **machine_settings("one")))
        gateway = stack.enter_context(running(folder / "gateway", TINY, **shared, EKIBEN_WORKERS_ELSEWHERE=TINY))
        await until(lambda: ready(gateway, TINY) == {"one"})
        async with httpx.AsyncClient(base_url=gateway.base_url, timeout=120) as http:
            wanted = {"model": TINY, "prompt": "a cat", "num_inference_steps": 100, "n": 4}
            drawing = asyncio.create_task(http.post("/v1/images/generations", json=wanted))
            await until(lambda: drawing.done() or in_flight(gateway, TINY) == 4)
            ending = asyncio.create_task(asyncio.to_thread(machine.stop))
            await until(lambda: not known(gateway, TINY))
            assert not drawing.done(), (await drawing).text
            refused = await http.post("/v1/images/generations", json=wanted)
            assert refused.status_code == 503
            answer = await drawing
        assert (answer.status_code, len(answer.json()["data"])) == (200, 4)
        assert await ending == 0


def machine_settings(name: str) -> dict[str, str]:
    """Of a machine whose workers announce themselves."""
    address = f"127.0.0.1:{free_port()}"
    return {
        "EKIBEN_WORKER_LISTEN": address,
        "EKIBEN_WORKER_ADVERTISE": f"http://{address}",
        "EKIBEN_INSTANCE": name,
    }


@contextmanager
def running(folder: Path, model: str = MODEL, **environment: str) -> Iterator[Platform]:
    """One `ekiben serve` of the model, ended with the block, unless it is dead by then."""
    folder.mkdir()
    platform = start_platform(folder, "--only", model, **environment)
    try:
        yield platform
    finally:
        if platform.process.poll() is None:
            assert platform.stop() == 0, platform.log_end()


def kill(platform: Platform) -> None:
    """End every process of a machine at once, without a word to anybody."""
    family = psutil.Process(platform.process.pid)
    for process in [family, *family.children(recursive=True)]:
        os.kill(process.pid, signal.SIGKILL)
    platform.process.wait()


@asynccontextmanager
async def asked(http: httpx.AsyncClient) -> AsyncIterator[Counter[int]]:
    """Have callers ask all the time within the block; the statuses of their answers."""
    statuses, leaving = Counter[int](), asyncio.Event()

    async def ask() -> None:
        while not leaving.is_set():
            statuses[(await http.post("/v1/embeddings", json=EMBED)).status_code] += 1

    callers = [asyncio.create_task(ask()) for _ in range(_CALLERS)]
    try:
        yield statuses
    finally:
        leaving.set()
        await asyncio.gather(*callers)


def health(gateway: Platform, model: str) -> dict[str, Any]:
    """What the gateway says of the model; nothing while it does not answer."""
    try:
        report = httpx.get(f"{gateway.base_url}/health", timeout=5).json()
    except httpx.HTTPError:
        return {"workers": []}
    (found,) = [part for part in report["components"] if part["name"] == model]
    return dict(found)


def ready(gateway: Platform, model: str = MODEL) -> set[str]:
    """The instances whose workers answer."""
    return {worker["instance"] for worker in health(gateway, model)["workers"] if worker["ready"]}


def known(gateway: Platform, model: str = MODEL) -> set[str]:
    """The instances that are announced."""
    return {worker["instance"] for worker in health(gateway, model)["workers"]}


def in_flight(gateway: Platform, model: str) -> int:
    """Items that announced workers have from the gateway."""
    return sum(worker["items_in_flight"] for worker in health(gateway, model)["workers"])


async def until(condition: Callable[[], bool], within_s: float = 120) -> None:
    """Wait for a condition that other processes bring about, while the callers go on."""
    async with asyncio.timeout(within_s):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.1)
