"""The queue is there while the supervisor is, and is looked after."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr

from ekiben.cli.job_care import JobCare
from ekiben.errors import ConfigurationError
from ekiben.jobs import JobQueue, State, Store, Submission, open_blobs
from ekiben.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Folders short enough for a Unix socket."""
    folder: Path = tmp_path_factory.mktemp("c")
    return load_settings(run_dir=folder / "run", state_dir=folder / "state")


async def test_jobs_are_accepted_and_those_too_late_expire_by_themselves(settings: Settings) -> None:
    async with JobCare(settings) as care, Store(care.url) as store:
        queue = JobQueue(store)
        late = await queue.submit(Submission(model="m", task="t", principal="p", deadline_s=0.1))
        async with asyncio.timeout(20):
            while (await queue.get(late.id)).state is not State.EXPIRED:  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.05)


async def test_waiting_jobs_are_there_after_a_restart(settings: Settings) -> None:
    async with JobCare(settings) as care, Store(care.url) as store:
        accepted = await JobQueue(store).submit(Submission(model="m", task="t", principal="p"))
    async with JobCare(settings) as care, Store(care.url) as store:
        assert (await JobQueue(store).get(accepted.id)).state is State.QUEUED


async def test_a_named_server_is_used_and_none_is_started(settings: Settings) -> None:
    async with JobCare(settings) as own:
        named = JobCare(settings.model_copy(update={"valkey_url": SecretStr(own.url)}))
        async with named:
            assert named.url == own.url


async def test_an_address_that_is_none_stops_the_start(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="EKIBEN_VALKEY_URL"):
        async with JobCare(settings.model_copy(update={"valkey_url": SecretStr("http://nowhere")})):
            pass


async def test_the_files_are_marked_as_this_queues_before_there_are_any(settings: Settings) -> None:
    async with JobCare(settings) as care, Store(care.url) as store, asyncio.timeout(20):
        blobs = open_blobs(settings)
        while not [entry async for entry in blobs.list("jobs/")]:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.02)
        assert await blobs.get("jobs/queue") == (await store.name()).encode()
