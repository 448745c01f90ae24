"""What is collected, and whose it must be."""

from __future__ import annotations

import pytest

from ekiben.errors import ConfigurationError
from ekiben.jobs import QueueRules, collect_orphans, own
from ekiben.jobs.blobs import put_input
from ekiben.jobs.ownership import MARKER
from tests.unit.jobs.bench import Bench, open_bench
from tests.unit.jobs.folder_blobs import FolderBlobs


async def test_what_no_job_names_is_collected_and_nothing_else(bench: Bench, blobs: FolderBlobs) -> None:
    job_id = "job_0123456789"
    named = await put_input(blobs, job_id, b"named", "x/y")
    await put_input(blobs, job_id, b"replaced", "x/y")
    await put_input(blobs, "job_that_is_none", b"never submitted", "x/y")
    await bench.submit(id=job_id, input=named)
    young = await collect_orphans(bench.queue, blobs)
    assert (young.seen, young.removed) == (4, 0)
    assert (await collect_orphans(bench.queue, blobs, min_age_s=0)).removed == 2
    assert blobs.keys == {named.key, MARKER}


async def test_blobs_of_another_queue_are_left_alone(bench: Bench, blobs: FolderBlobs, valkey_url: str) -> None:
    pointer = await put_input(blobs, "job_0123456789", b"theirs", "x/y")
    async with open_bench(valkey_url, QueueRules()) as other:
        await own(other.queue, blobs)
        with pytest.raises(ConfigurationError, match="another queue"):
            await collect_orphans(bench.queue, blobs, min_age_s=0)
        with pytest.raises(ConfigurationError, match="another queue"):
            await own(bench.queue, blobs)
        assert blobs.keys == {pointer.key, MARKER}
        await own(other.queue, blobs)


async def test_blobs_outlive_a_server_that_has_lost_everything(bench: Bench, blobs: FolderBlobs) -> None:
    pointer = await put_input(blobs, "job_0123456789", b"picture", "x/y")
    await own(bench.queue, blobs)
    await bench.raw.delete(*[bench.store.key(key) for key in await bench.keys()])
    with pytest.raises(ConfigurationError, match="another queue"):
        await collect_orphans(bench.queue, blobs, min_age_s=0)
    assert pointer.key in blobs.keys
    await blobs.delete(MARKER)
    await collect_orphans(bench.queue, blobs, min_age_s=0)
    assert blobs.keys == {MARKER}
