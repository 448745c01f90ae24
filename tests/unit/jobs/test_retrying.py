"""A job again, with an input of its own."""

from __future__ import annotations

from ekiben.jobs import Erasure, retry_with_blobs
from ekiben.jobs.blobs import get_checked, put_input
from tests.unit.jobs.bench import Bench
from tests.unit.jobs.folder_blobs import FolderBlobs


async def test_every_retry_has_an_input_of_its_own_also_after_an_earlier_one_was_erased(
    bench: Bench, blobs: FolderBlobs
) -> None:
    old, erasure = "job_0123456789", Erasure(bench.store, blobs)
    await bench.submit(id=old, input=await put_input(blobs, old, b"input", "x/y"))
    await bench.queue.cancel(old)
    first = await retry_with_blobs(bench.queue, blobs, old)
    await erasure.erase_job(first.id)
    second = await retry_with_blobs(bench.queue, blobs, old)
    assert not second.known
    await erasure.erase_job(old)
    pointer = (await bench.queue.get(second.id)).specification.input
    assert pointer is not None
    assert await get_checked(blobs, pointer) == b"input"
