"""A real queue whose server's time passes, and one job leased."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from ekiben.jobs import Job, JobQueue, Lease, Leasing, ObjectBlobs, QueueRules, Store, Submission
from ekiben.objects.location import open_store
from tests.unit.jobs.server import running_valkey


@dataclass
class Queue:
    """One queue and one worker's side of it."""

    url: str
    store: Store
    leasing: Leasing
    blobs: ObjectBlobs

    async def submit(self, **changes: object) -> str:
        """One job."""
        submission = Submission.model_validate({"model": "m", "task": "t", "principal": "p", **changes})
        return (await JobQueue(self.store).submit(submission)).id

    async def lease(self) -> Lease:
        """A job that was just submitted."""
        await self.submit()
        (lease,) = (await self.leasing.lease(1)).leases
        return lease

    async def get(self, job_id: str) -> Job:
        """As it is now."""
        return await JobQueue(self.store).get(job_id)


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server that lives as long as the tests."""
    with running_valkey(tmp_path_factory.mktemp("v")) as server:
        yield server.url


@pytest.fixture
async def queue(valkey_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Queue]:
    """An empty one, with leases of a second."""
    blobs = ObjectBlobs(open_store("", tmp_path_factory.mktemp("o") / "objects"))
    async with Store(valkey_url, queue=uuid.uuid4().hex, rules=QueueRules(lease_ms=1_000)) as store:
        yield Queue(valkey_url, store, Leasing(store, "m", "w"), blobs)
