"""Durable jobs on the whole platform, as its supervisor sets them up."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import psutil
import pytest

from ekiben.jobs import Job, JobQueue, State, Store, Submission, open_blobs
from ekiben.jobs.blobs import get_checked
from ekiben.settings import load_settings
from tests.e2e.conftest import PROJECT, Platform, free_port, start_platform

pytestmark = pytest.mark.slow

_MODEL = "all-minilm-l6-v2"
_TENSOR = {"name": "text", "shape": [1], "datatype": "BYTES", "data": ["a cat"]}
_INLINE = {"path": "/infer", "headers": {"content-type": "application/json"}, "body": {"inputs": [_TENSOR]}}


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short enough for Unix sockets."""
    return tmp_path_factory.mktemp("j")


@pytest.fixture
def started(folder: Path) -> Iterator[Platform]:
    """A platform of one model."""
    platform = start_platform(folder, "--only", _MODEL)
    yield platform
    if platform.process.poll() is None:
        platform.stop()


def _store(platform: Platform) -> Store:
    return Store(f"unix://{platform.run_dir / 'valkey.sock'}")


def _submission(**more: float) -> Submission:
    return Submission(model=_MODEL, task="text-embedding", principal="p", inline=_INLINE, **more)


async def _ended(store: Store, job_id: str, platform: Platform) -> Job:
    try:
        async with asyncio.timeout(90):
            while True:
                job = await JobQueue(store).get(job_id)
                if job.state.terminal:
                    return job
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(platform.log_end())


async def test_a_model_that_answers_at_once_does_jobs_too(started: Platform, folder: Path) -> None:
    started.wait_until_ready()
    async with _store(started) as store:
        job = await _ended(store, (await JobQueue(store).submit(_submission())).id, started)
        bad = await JobQueue(store).submit(Submission(model=_MODEL, task="t", principal="p", inline={"path": "/x"}))
        failed = await _ended(store, bad.id, started)
    assert job.state is State.SUCCEEDED
    assert job.result is not None
    (blob,) = job.result.blobs
    body = await get_checked(open_blobs(load_settings(state_dir=folder / "state")), blob)
    assert orjson.loads(body)["outputs"][0]["shape"] == [1, 384]
    assert blob.media_type == "application/json"
    assert failed.state is State.FAILED
    assert failed.problem is not None
    assert failed.problem.code == "invalid_value"
    assert started.stop() == 0


async def test_everything_is_killed_and_what_waited_is_done_after_the_next_start(
    started: Platform, folder: Path
) -> None:
    started.wait_until_ready()
    async with _store(started) as store:
        waiting = (await JobQueue(store).submit(_submission(delay_s=5.0))).id
    everything = [*psutil.Process(started.process.pid).children(recursive=True), psutil.Process(started.process.pid)]
    for process in everything:
        process.send_signal(signal.SIGKILL)
    started.process.wait()
    again = start_platform(folder, "--only", _MODEL)
    try:
        again.wait_until_ready()
        async with _store(again) as store:
            assert (await _ended(store, waiting, again)).state is State.SUCCEEDED
    finally:
        assert again.stop() == 0


def test_a_second_platform_on_one_state_folder_is_told_so(started: Platform, folder: Path) -> None:
    started.wait_until_ready()
    own = {"EKIBEN_STATE_DIR": str(folder / "state"), "EKIBEN_RUN_DIR": str(folder / "2")}
    second = subprocess.run(
        [sys.executable, "-c", "from ekiben.cli.main import main; main()", "serve", "--only", _MODEL],
        cwd=PROJECT,
        env={**os.environ, **own, "EKIBEN_PORT": str(free_port())},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert "another ekiben keeps its jobs in" in second.stderr
    assert "EKIBEN_STATE_DIR" in second.stderr
