"""The drain of a platform whose processes answer, hang or are dead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router

from ekiben.deploy.agent import procedure
from ekiben.deploy.agent.drain import drain
from ekiben.worker.listener import Listener, bind_path
from ekiben.worker.platform_here import STOP_FILE, PlatformHere


class Running:
    """A worker, a gateway, and a supervisor that looks for its stop file."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir, self.asked = run_dir, list[str]()
        self.hangs = self.is_unready = False
        routes = [Route(path, self._told, methods=["GET", "POST"]) for path in ("/hand-back", "/drain", "/ready")]
        app = Router(routes=[*routes, Route("/status", self._status)])
        self._listeners = [Listener(app, run_dir / name) for name in ("toy.7.sock", "_gateway.1.sock")]

    async def __aenter__(self) -> Running:
        for listener in self._listeners:
            await listener.start()
        return self

    async def __aexit__(self, *_exception: object) -> None:
        for listener in self._listeners:
            await listener.close()

    async def _told(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        while self.hangs:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.05)
        return JSONResponse({"finished": True, "state": "loaded"})

    async def _status(self, _: Request) -> Response:
        return JSONResponse({"ready": not self.is_unready})

    async def supervise(self) -> None:
        stop = self.run_dir / STOP_FILE
        while not stop.exists():  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.01)
        self.asked.append("stop")
        stop.unlink()


@pytest.fixture
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short enough for a Unix socket."""
    return tmp_path_factory.mktemp("r")


@pytest.fixture
async def running(run_dir: Path) -> AsyncIterator[Running]:
    async with Running(run_dir) as found:
        yield found


async def test_work_is_handed_back_before_anything_ends(running: Running) -> None:
    supervising = asyncio.create_task(running.supervise())
    outcome = await drain(procedure.steps(PlatformHere(running.run_dir, "_gateway"), None, None))
    await supervising
    assert running.asked == ["/hand-back", "/drain", "stop"]
    assert outcome.failed == ()


async def test_nothing_that_hangs_keeps_the_drain(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    for share in ("_HAND_BACK_S", "_REQUESTS_S", "_END_S"):
        monkeypatch.setattr(procedure, share, 0.3)
    running.hangs = True  # and there is no supervisor
    outcome = await drain(procedure.steps(PlatformHere(running.run_dir, "_gateway"), None, None))
    running.hangs = False
    assert outcome.failed == ("hand back", "finish requests", "end the platform")
    assert outcome.seconds < 5


async def test_processes_that_are_dead_are_not_waited_for(run_dir: Path) -> None:
    bind_path(run_dir / "toy.7.sock").close()
    bind_path(run_dir / "_gateway.1.sock").close()
    outcome = await drain(procedure.steps(PlatformHere(run_dir, "_gateway"), None, None))
    assert outcome.failed == ()
    assert list(run_dir.iterdir()) == []


async def test_no_platform_at_all_is_drained_at_once(tmp_path: Path) -> None:
    outcome = await drain(procedure.steps(PlatformHere(tmp_path / "none", "_gateway"), None, None))
    assert (outcome.failed, outcome.seconds < 1) == ((), True)


async def test_a_platform_is_ready_when_its_gateway_says_so(running: Running) -> None:
    platform = PlatformHere(running.run_dir, "_gateway")
    assert await platform.ready()
    running.is_unready = True
    assert not await platform.ready()
    (running.run_dir / "_gateway.1.sock").unlink()
    assert await platform.ready()  # a worker alone, which answers /ready
    (running.run_dir / "toy.7.sock").unlink()
    assert not await platform.ready()
