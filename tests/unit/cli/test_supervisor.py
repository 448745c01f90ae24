"""What the supervisor makes of the gateways it can ask."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, Router

from ekiben.cli.supervisor import Supervisor, Target, raise_file_limit
from ekiben.jobs.opening import QUEUE_SOCKET
from ekiben.settings import load_settings
from ekiben.worker.listener import Listener
from ekiben.worker.platform_here import PlatformHere


class Control:
    """A gateway's private door; `answer` is its state."""

    def __init__(self) -> None:
        self.answer: Response = JSONResponse({"ready": False, "missing": {"toy": 1}})
        self.drained = 0
        routes = [Route("/status", self._status), Route("/drain", self._drain, methods=["POST"])]
        self.app = Router(routes=routes)

    async def _status(self, _: Request) -> Response:
        return self.answer

    async def _drain(self, _: Request) -> Response:
        self.drained += 1
        return JSONResponse({"finished": True, "in_flight": 0})


class Running:
    """A process that does not end."""

    returncode = None


@pytest.fixture
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short enough for a Unix socket."""
    return tmp_path_factory.mktemp("r")


@pytest.fixture
async def control(run_dir: Path) -> AsyncIterator[Control]:
    """One gateway's."""
    found = Control()
    listener = Listener(found.app, run_dir / "_gateway.1.sock")
    await listener.start()
    yield found
    await listener.close()


def _supervisor(run_dir: Path, respawn_timeout_s: float = 60) -> Supervisor:
    settings = load_settings(run_dir=run_dir, respawn_timeout_s=respawn_timeout_s)
    return Supervisor(settings, Target("unused", run_dir), "_gateway")


async def test_giving_up_drains_what_still_answers(run_dir: Path, control: Control) -> None:
    supervisor = _supervisor(run_dir, respawn_timeout_s=0.001)
    assert await supervisor._watch(Running()) == 1  # type: ignore[arg-type]
    assert control.drained == 1


async def test_the_agent_ends_it_by_a_file(run_dir: Path, control: Control) -> None:
    supervisor = _supervisor(run_dir)
    watching = asyncio.create_task(supervisor._watch(Running()))  # type: ignore[arg-type]
    ending = asyncio.create_task(PlatformHere(run_dir, "_gateway").end())
    assert await asyncio.wait_for(watching, 10) == 0
    assert control.drained == 1
    assert not ending.done()  # Until nothing of the platform is left.
    supervisor._clean()
    await asyncio.wait_for(ending, 10)


async def test_workers_hand_their_jobs_back_while_the_gateway_drains(run_dir: Path, control: Control) -> None:
    asked: list[str] = []

    async def hand_back(request: Request) -> Response:
        asked.append(request.url.path)
        return JSONResponse({})

    worker = Listener(Router([Route("/hand-back", hand_back, methods=["POST"])]), run_dir / "toy.7.sock")
    await worker.start()
    (run_dir / QUEUE_SOCKET).touch()  # Nobody to be asked.
    assert await _supervisor(run_dir)._drain()
    assert asked == ["/hand-back"]
    assert control.drained == 1
    assert (run_dir / QUEUE_SOCKET).exists()
    await worker.close()


async def test_a_gateway_that_answers_nonsense_is_not_the_supervisors_end(run_dir: Path, control: Control) -> None:
    control.answer = PlainTextResponse("Internal Server Error", 500)
    assert await _supervisor(run_dir)._whole()


def test_the_soft_limit_of_open_files_is_raised_to_the_hard_one() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        raise_file_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(before[1], 65_536)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
