"""Blobs in a folder of objects keep the promises that the queue builds on."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ekiben.jobs import ObjectBlobs
from ekiben.jobs.blobs import delete_all, get_checked, put_input, put_output
from ekiben.objects.location import open_store


@pytest.fixture
def blobs(tmp_path: Path) -> ObjectBlobs:
    return ObjectBlobs(open_store("", tmp_path / "objects"))


async def test_what_was_stored_is_read_back_and_lies_under_its_job(blobs: ObjectBlobs) -> None:
    pointer = await put_output(blobs, "job_00000001", 7, b"picture", "image/png")
    assert pointer.key.startswith("jobs/job_00000001/7/")
    assert await get_checked(blobs, pointer) == b"picture"


async def test_a_blob_that_is_not_there_is_a_file_that_is_not_there(blobs: ObjectBlobs) -> None:
    with pytest.raises(FileNotFoundError):
        await blobs.get("jobs/job_00000001/7/none")
    await blobs.delete("jobs/job_00000001/7/none")


async def test_everything_of_one_job_goes_and_nothing_of_another(blobs: ObjectBlobs) -> None:
    await put_input(blobs, "job_00000001", b"a", "text/plain")
    await put_output(blobs, "job_00000001", 3, b"b", "text/plain")
    kept = await put_output(blobs, "job_000000010", 4, b"c", "text/plain")
    assert await delete_all(blobs, "job_00000001") == 2
    assert [entry.key async for entry in blobs.list("jobs/")] == [kept.key]


async def test_a_place_that_cannot_be_written_is_an_operating_systems_error(tmp_path: Path) -> None:
    (tmp_path / "objects" / "jobs").mkdir(parents=True)
    (tmp_path / "objects" / "jobs" / "job_00000001").write_text("in the way")
    with pytest.raises(OSError, match="object store"):
        await put_output(ObjectBlobs(open_store("", tmp_path / "objects")), "job_00000001", 1, b"x", "text/plain")


async def test_an_entry_tells_its_age(tmp_path: Path) -> None:
    objects = open_store("", tmp_path / "objects")
    await put_output(ObjectBlobs(objects), "job_00000001", 1, b"x", "text/plain")
    later = ObjectBlobs(objects, now=lambda: time.time() + 600)
    (entry,) = [entry async for entry in later.list("jobs/")]
    assert 599 < entry.age_s < 700
