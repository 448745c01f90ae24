"""One contract, whatever holds the objects."""

from __future__ import annotations

import os

import boto3
import pytest

from ekiben.errors import NotFound, Unavailable
from ekiben.objects.location import open_store
from ekiben.objects.store import CHUNK_BYTES, ObjectStore

LARGE = os.urandom(3 * CHUNK_BYTES + 7)


async def keys(store: ObjectStore, prefix: str = "files") -> list[str]:
    return sorted([entry.key async for entry in store.entries(prefix)])


@pytest.mark.parametrize("content", [b"", b"a picture", LARGE], ids=len)
async def test_what_was_put_is_there(store: ObjectStore, content: bytes) -> None:
    await store.put("files/a.png", content)
    found = await store.get("files/a.png")
    assert found.size_bytes == len(content)
    assert await found.content() == content
    pieces = [piece async for piece in (await store.get("files/a.png")).chunks()]
    assert b"".join(pieces) == content
    assert all(len(piece) <= 8 * 2**20 for piece in pieces)


async def test_an_object_is_replaced_as_a_whole(store: ObjectStore) -> None:
    await store.put("files/a.png", LARGE)
    before = await store.get("files/a.png")
    await store.put("files/a.png", b"short")
    assert await (await store.get("files/a.png")).content() == b"short"
    assert before.size_bytes == len(LARGE)


async def test_listing_and_removing(store: ObjectStore) -> None:
    for key in ("files/a.png", "files/deep/b.png", "filesystem/c.png"):
        await store.put(key, b"x")
    assert await keys(store) == ["files/a.png", "files/deep/b.png"]
    (entry,) = [entry async for entry in store.entries("filesystem")]
    assert (entry.size_bytes, entry.written.tzinfo is not None) == (1, True)
    await store.delete("files/a.png")
    await store.delete("files/a.png")
    assert await keys(store) == ["files/deep/b.png"]
    assert await keys(store, "nothing") == []


async def test_what_is_not_there_is_said(store: ObjectStore) -> None:
    with pytest.raises(NotFound):
        await store.get("files/nothing.png")


async def test_a_store_that_is_away_may_be_back_later(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    away = open_store(bucket, default=None)  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        await away.put("files/a.png", b"x")
    with pytest.raises(Unavailable):
        await away.get("files/a.png")
    with pytest.raises(Unavailable):
        await keys(away)


async def test_objects_are_encrypted_with_the_operators_key(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SERVER_SIDE_ENCRYPTION", "aws:kms")
    monkeypatch.setenv("AWS_SSE_KMS_KEY_ID", "alias/jobs")
    await open_store(bucket, default=None).put("jobs/a", b"x")  # type: ignore[arg-type]
    found = boto3.client("s3").head_object(Bucket="objects", Key="some/prefix/jobs/a")
    assert (found["ServerSideEncryption"], found["SSEKMSKeyId"]) == ("aws:kms", "alias/jobs")
