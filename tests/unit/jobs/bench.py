"""What a test does to a queue, in few words."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from valkey.asyncio import Valkey

from ekiben.jobs import JobQueue, Lease, Leasing, QueueRules, State, Store, Submission, Sweeper
from ekiben.jobs.schema import CURRENT, Schema
from ekiben.jobs.scripts import Source, read_source

_SERVER_TIME = "redis.call('TIME')"
_TEST_TIME = """(function()
  local us = tonumber(redis.call('GET', KEYS[1] .. ':test_time'))
  return { math.floor(us / 1000000), us % 1000000 }
end)()"""
_EPOCH_US = 1_700_000_000_000_000


def with_test_time(source: Source) -> Source:
    """The Lua files with a clock that stands still unless the test moves it."""
    return lambda name: source(name).replace(_SERVER_TIME, _TEST_TIME)


@dataclass
class Bench:
    """One queue and both of its sides."""

    url: str
    name: str
    store: Store
    raw: Any
    rules: QueueRules
    now_ms: int = _EPOCH_US // 1_000
    count: int = field(default=0)

    @property
    def queue(self) -> JobQueue:
        """The caller's side."""
        return JobQueue(self.store)

    @property
    def sweeper(self) -> Sweeper:
        """What happens by itself; backoffs are three quarters of the whole."""
        return Sweeper(self.store, random_number=lambda: 0.5)

    def worker(self, name: str = "w1", model: str = "m") -> Leasing:
        """A worker's side."""
        return Leasing(self.store, model, name, random_number=lambda: 0.5)

    async def advance(self, seconds: float) -> None:
        """Let time pass at the server, looked after all along; move what is due."""
        until = self.now_ms + round(seconds * 1_000)
        while self.now_ms < until:
            any_leased = await self.raw.exists(self.store.key("leases"))
            await self.set_time(min(until, self.now_ms + self.rules.lease_ms // 4) if any_leased else until)
            await self.sweep()

    async def sweep(self) -> None:
        """Move what is due now."""
        while (await self.sweeper.sweep()).busy:
            pass

    async def set_time(self, now_ms: int) -> None:
        """Set the server's clock."""
        self.now_ms = now_ms
        await self.raw.set(self.store.key("test_time"), now_ms * 1_000)

    async def submit(self, **changes: Any) -> str:
        """Submit one job, a millisecond after the last; returns its id."""
        await self.set_time(self.now_ms + 1)
        given = {"model": "m", "task": "t", "principal": "p", **changes}
        return (await self.queue.submit(Submission(**given))).id

    async def lease(self, worker: str = "w1", model: str = "m") -> Lease:
        """Lease one job; there must be one."""
        (lease,) = (await self.worker(worker, model).lease(1)).leases
        return lease

    async def lease_all(self, slots: int = 100, worker: str = "w1", model: str = "m") -> list[str]:
        """Ids of the jobs leased, in order."""
        leased = await self.worker(worker, model).lease(slots)
        return [lease.job.id for lease in leased.leases]

    async def state(self, job_id: str) -> State:
        """Where the job is."""
        return (await self.queue.get(job_id)).state

    async def kinds(self, job_id: str) -> list[str]:
        """Kinds of the job's events, in order; their numbers must have no gap."""
        entries = await self.store.read_stream(self.store.key("events", job_id), "0")
        assert [number for number, _ in entries] == [f"{n}-0" for n in range(1, len(entries) + 1)]
        return [fields["kind"] for _, fields in entries]

    async def keys(self) -> set[str]:
        """Every key of this queue, without its tag."""
        tag = self.store.key("")
        found = {key.removeprefix(tag) async for key in self.raw.scan_iter(match=f"{tag}*", count=1_000)}
        return found - {"test_time"}


@asynccontextmanager
async def open_bench(
    url: str,
    rules: QueueRules,
    *,
    name: str = "",
    schema: Schema = CURRENT,
    source: Source = read_source,
) -> AsyncIterator[Bench]:
    """A queue of a new name, or the one named."""
    name = name or uuid.uuid4().hex
    async with (
        Store(url, queue=name, rules=rules, schema=schema, source=with_test_time(source)) as store,
        Valkey.from_url(url, decode_responses=True) as raw,
    ):
        bench = Bench(url, name, store, raw, rules)
        await bench.set_time(bench.now_ms)
        yield bench
