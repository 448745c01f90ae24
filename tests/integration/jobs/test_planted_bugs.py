"""The checker finds a bug of each kind when one is planted, and nothing when none is."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from benchmarks.faults.history import Violation
from ekiben.errors import EkibenError, QueueUnavailable
from ekiben.jobs import Accepted, EmbeddedValkey, JobQueue, Store, Submission
from ekiben.jobs.scripts import read_source
from tests.integration.jobs.scenario import RULES, Scenario

pytestmark = pytest.mark.slow


def _planted(file: str, right: str, wrong: str) -> dict[str, tuple[str, str]]:
    assert right in read_source(file), f"{file} has changed: plant the bug anew"
    return {file: (right, wrong)}


_NO_FENCING = _planted("lib/4_moves", "job.fence == tonumber(fence)", "true")
_HEARTBEAT_LOST = _planted("heartbeat", "hold(job.id, now + LEASE_MS)", "")
_NO_TABLE = {
    **_planted("lib/4_moves", "if job and job.state == 'running' and job.fence == tonumber(fence) then", "if job then"),
}


@asynccontextmanager
async def _store(url: str, bugs: dict[str, tuple[str, str]]) -> AsyncIterator[Store]:
    def source(name: str) -> str:
        text = read_source(name)
        if name == "lib/4_moves" and bugs is _NO_TABLE:
            text = text.replace("if not LEGAL[job.state .. ' ' .. to] then", "if false then")
        return text.replace(*bugs[name]) if name in bugs else text

    async with Store(url, queue=uuid.uuid4().hex, rules=RULES, source=source) as store:
        yield store


async def test_nothing_is_found_where_nothing_is_wrong(valkey_url: str) -> None:
    async with _store(valkey_url, {}) as store:
        scenario = Scenario(store, steps=8, freezes=0.3, dies=0.03)
        await scenario.submit(30)
        assert await scenario.run() == {}
        assert any(entry.kind == "published" for entry in scenario.history.entries)


async def test_commits_without_fencing_are_found(valkey_url: str) -> None:
    async with _store(valkey_url, _NO_FENCING) as store:
        scenario = Scenario(store, steps=20, freezes=0.5)
        await scenario.submit(12)
        broken = await scenario.run()
    assert Violation.STALE_WRITE in set().union(*broken.values())


async def test_a_lost_heartbeat_is_found(valkey_url: str) -> None:
    async with _store(valkey_url, _HEARTBEAT_LOST) as store:
        scenario = Scenario(store, steps=16)
        await scenario.submit(4)
        broken = await scenario.run(trouble=lambda: asyncio.sleep(4))
    assert Violation.LEASE_BROKEN in set().union(*broken.values())


async def test_states_without_the_table_are_found(valkey_url: str) -> None:
    async with _store(valkey_url, _NO_TABLE) as store:
        scenario = Scenario(store, steps=4, freezes=0.6)
        await scenario.submit(12)
        broken = set().union(*(await scenario.run()).values())
    assert {Violation.ENDED_TWICE, Violation.PUBLISHED_TWICE} <= broken


class _HastyQueue(JobQueue):
    """Acknowledges first and writes later."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.writing: set[asyncio.Task[object]] = set()

    async def submit_all(self, submissions: Sequence[Submission]) -> list[Accepted | EkibenError]:
        calls = [self._arguments(submission) for submission in submissions]
        self.writing.add(asyncio.create_task(self._store.run_all("submit", calls, again=False)))
        return [Accepted(submission.id, known=False) for submission in submissions]


async def test_an_acknowledgement_before_the_write_is_found(own_valkey: EmbeddedValkey) -> None:
    async with _store(own_valkey.url, {}) as store:
        scenario, hasty = Scenario(store), _HastyQueue(store)
        assert own_valkey.pid
        os.kill(own_valkey.pid, signal.SIGKILL)
        await scenario.submit(3, hasty)
        outcomes = await asyncio.gather(*hasty.writing, return_exceptions=True)
        assert any(isinstance(outcome, QueueUnavailable) for outcome in outcomes)
        broken = await scenario.run()
    assert set().union(*broken.values()) == {Violation.LOST}
