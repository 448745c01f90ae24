"""Power loss, not only a kill: whatever Valkey had not forced to its disk is gone, and no accepted job is among it."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from ekiben.errors import JobNotFound, QueueNotDurable, QueueUnavailable
from ekiben.jobs import EmbeddedValkey, JobQueue, Store, Submission, embedded
from tests.integration.jobs.forced import read_forced
from tests.unit.jobs.server import stopped_watching

pytestmark = pytest.mark.slow

_CALLERS = 8
_LOAD_S = 2.5
"""`everysec` has forced something by then, and has something that it has not."""


@pytest.mark.parametrize(
    ("policy", "declared", "loses"),
    [
        ("always", False, False),
        ("always", True, False),
        ("everysec", True, True),  # Its operator said that it loses nothing. It does, and the test sees it.
    ],
)
async def test_no_accepted_job_is_lost_with_the_power(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    shim: Path,
    policy: str,
    declared: bool,
    loses: bool,
) -> None:
    folder = tmp_path_factory.mktemp("p")
    monkeypatch.setenv("LD_PRELOAD", str(shim))
    monkeypatch.setenv("POWER_LOSS_LOG", str(folder / "forced"))
    configuration = embedded._CONFIGURATION.replace("appendfsync always", f"appendfsync {policy}")
    monkeypatch.setattr(embedded, "_CONFIGURATION", configuration)
    server = EmbeddedValkey(folder / "state", folder / "v.sock")
    await server.start()
    async with Store(server.url, declared_durable=declared) as store:
        accepted = await _load_and_cut_power(store, server)
    _forget_what_was_not_forced(folder / "state", folder / "forced")
    again = EmbeddedValkey(folder / "state", folder / "v.sock")
    await again.start()
    async with Store(again.url) as store:
        lost = [job_id for job_id in accepted if not await _is_there(store, job_id)]
    await again.stop()
    assert len(accepted) > 10
    assert bool(lost) is loses


async def test_waiting_for_the_disk_is_no_proof_under_everysec(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WAITAOF comes back too early there: such a server gets no job unless its operator answers for it."""
    folder = tmp_path_factory.mktemp("p")
    configuration = embedded._CONFIGURATION.replace("appendfsync always", "appendfsync everysec")
    monkeypatch.setattr(embedded, "_CONFIGURATION", configuration)
    server = EmbeddedValkey(folder / "state", folder / "v.sock")
    await server.start()
    async with Store(server.url) as store:
        with pytest.raises(QueueNotDurable, match="appendfsync everysec"):
            await JobQueue(store).submit(Submission(model="m", task="t", principal="p"))
    await server.stop()


async def _load_and_cut_power(store: Store, server: EmbeddedValkey) -> list[str]:
    """Submit as fast as it goes, and kill the server in the middle of it; returns what was accepted."""
    accepted: list[str] = []

    async def submit() -> None:
        with suppress(QueueUnavailable):
            while True:
                job = Submission(model="m", task="t", principal="p", inline="x" * 500)
                accepted.append((await JobQueue(store).submit(job)).id)

    callers = [asyncio.create_task(submit()) for _ in range(_CALLERS)]
    await asyncio.sleep(_LOAD_S)
    async with stopped_watching(server):
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    return accepted


def _forget_what_was_not_forced(state: Path, forced: Path) -> None:
    lengths = {noted.path: noted.length for noted in read_forced(forced) if noted.what == "file"}
    written = list(state.rglob("*.incr.aof"))
    assert written
    for path in written:
        os.truncate(path, lengths.get(path, 0))


async def _is_there(store: Store, job_id: str) -> bool:
    try:
        await JobQueue(store).get(job_id)
    except JobNotFound:
        return False
    return True
