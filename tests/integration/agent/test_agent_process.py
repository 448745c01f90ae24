"""`ekiben agent` as a process, beside a worker that hands back, with stand-ins for what AWS answers."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import orjson
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router

from benchmarks.harness.ports import free_port
from ekiben.testing.instance_metadata import InstanceMetadata
from ekiben.worker.listener import Listener
from ekiben.worker.platform_here import STOP_FILE
from tests.integration.agent.auto_scaling import AutoScaling

pytestmark = pytest.mark.slow

_SECRET = "a-secret-of-nobody"
_AGENT = [sys.executable, "-c", "from ekiben.cli.main import main; main()", "agent"]


class Worker:
    """Hands back, and its supervisor ends when it is told so."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir, self.handed_back = run_dir, 0
        route = Route("/hand-back", self._hand_back, methods=["POST"])
        self._listener = Listener(Router([route, Route("/ready", self._ready)]), run_dir / "toy.7.sock")
        self.is_ready = True

    async def __aenter__(self) -> Worker:
        await self._listener.start()
        self._supervising = asyncio.create_task(self._supervise())
        return self

    async def __aexit__(self, *_exception: object) -> None:
        self._supervising.cancel()
        await self._listener.close()

    async def _hand_back(self, _: Request) -> Response:
        self.handed_back += 1
        return JSONResponse({"state": "loaded"})

    async def _ready(self, _: Request) -> Response:
        return Response(status_code=200 if self.is_ready else 503)

    async def _supervise(self) -> None:
        while not (self.run_dir / STOP_FILE).exists():  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.02)
        (self.run_dir / STOP_FILE).unlink()


@pytest.fixture
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    """In a folder whose name is short enough for a Unix socket."""
    async with Worker(tmp_path_factory.mktemp("r")) as found:
        yield found


@pytest.fixture
async def metadata() -> AsyncIterator[InstanceMetadata]:
    async with InstanceMetadata() as found:
        yield found


@pytest.fixture
async def scaling() -> AsyncIterator[AutoScaling]:
    async with AutoScaling() as found:
        yield found


@contextmanager
def _agent(
    worker: Worker, metadata: InstanceMetadata, scaling: AutoScaling, log: Path, *options: str
) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "EKIBEN_RUN_DIR": str(worker.run_dir),
        "EKIBEN_LOG_FORMAT": "json",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url,
        "AWS_ENDPOINT_URL_AUTO_SCALING": scaling.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": _SECRET,
        "NO_PROXY": "127.0.0.1",
    }
    with log.open("wb") as output:
        process = subprocess.Popen([*_AGENT, *options], env=environment, stderr=output)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def _ended(process: subprocess.Popen[bytes]) -> int:
    return await asyncio.to_thread(process.wait, 60)


def _told(log: Path, event: str) -> list[dict[str, object]]:
    lines = [orjson.loads(line) for line in log.read_text().splitlines()]
    return [line for line in lines if line["event"] == event]


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not is_so():  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.05)


async def test_a_notice_is_drained_for_and_the_hook_is_told_last(
    worker: Worker, metadata: InstanceMetadata, scaling: AutoScaling, tmp_path: Path
) -> None:
    log, port = tmp_path / "log", free_port()
    options = ("--group", "pictures", "--hook", "ending", "--metrics-port", str(port))
    with _agent(worker, metadata, scaling, log, *options) as agent:
        await _until(lambda: "spot/instance-action" in metadata.asked)
        metadata.recommend_rebalance()
        await _until(lambda: bool(_told(log, "notice")))
        async with httpx.AsyncClient(trust_env=False) as http:
            metrics = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
        assert 'ekiben_agent_notices_total{kind="rebalance"} 1.0' in metrics
        assert worker.handed_back == 0
        metadata.interrupt()
        assert await _ended(agent) == 0
    assert worker.handed_back == 1
    names = {"AutoScalingGroupName": "pictures", "LifecycleHookName": "ending", "InstanceId": "i-0123456789abcdef0"}
    actions = [action for action, _ in scaling.called]
    assert (actions[0], actions[-1]) == ("RecordLifecycleActionHeartbeat", "CompleteLifecycleAction")
    assert names.items() <= scaling.called[-1][1].items()
    assert scaling.called[-1][1]["LifecycleActionResult"] == "CONTINUE"
    assert [line["step"] for line in _told(log, "drain")] == [
        "hand back",
        "finish requests",
        "end the platform",
        "acknowledge",
    ]
    assert _SECRET not in log.read_text()


async def test_a_group_that_ends_the_instance_after_its_drain_is_told_then(
    worker: Worker, metadata: InstanceMetadata, scaling: AutoScaling, tmp_path: Path
) -> None:
    scaling.waits, log = False, tmp_path / "log"
    metadata.interrupt()
    with _agent(worker, metadata, scaling, log, "--group", "pictures", "--hook", "ending") as agent:
        await _until(lambda: bool(_told(log, "waiting for the group to end this instance")))
        assert agent.poll() is None
        scaling.waits = True
        assert await _ended(agent) == 0
    assert not scaling.waits
    assert worker.handed_back == 1


async def test_the_system_shuts_down(
    worker: Worker, metadata: InstanceMetadata, scaling: AutoScaling, tmp_path: Path
) -> None:
    scaling.waits = False  # A group that did not begin this waits for nothing.
    with _agent(worker, metadata, scaling, tmp_path / "log", "--group", "pictures", "--hook", "ending") as agent:
        await _until(lambda: bool(metadata.asked))
        agent.send_signal(signal.SIGTERM)
        agent.send_signal(signal.SIGTERM)  # Impatience does not cut the drain short.
        assert await _ended(agent) == 0
    assert worker.handed_back == 1


async def test_a_platform_that_stays_unready_is_replaced(
    worker: Worker, metadata: InstanceMetadata, scaling: AutoScaling, tmp_path: Path
) -> None:
    worker.is_ready = False
    options = ("--group", "pictures", "--unhealthy-after", "0.5")
    with _agent(worker, metadata, scaling, tmp_path / "log", *options) as agent:
        await _until(lambda: bool(scaling.called))
        assert agent.poll() is None
    (action, arguments), *_ = scaling.called
    assert (action, arguments["HealthStatus"]) == ("SetInstanceHealth", "Unhealthy")


async def test_a_machine_without_metadata_service_is_told_so(
    worker: Worker, metadata: InstanceMetadata, scaling: AutoScaling, tmp_path: Path
) -> None:
    await metadata.__aexit__()
    log = tmp_path / "log"
    with _agent(worker, metadata, scaling, log, "--group", "pictures") as agent:
        assert await _ended(agent) == 1
    assert "is this an EC2 instance" in log.read_text()
