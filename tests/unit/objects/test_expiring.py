"""Files under links, until their time is over."""

from __future__ import annotations

import time

import pytest

from ekiben.errors import NotFound, PermissionDenied
from ekiben.objects.expiring import ExpiringFiles, Link
from ekiben.objects.signature import Signer
from ekiben.objects.store import ObjectStore


class Clock:
    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def files(store: ObjectStore, clock: Clock) -> ExpiringFiles:
    return ExpiringFiles(store, Signer(b"x" * 32), ttl_s=3_600, now=clock)


async def fetched(files: ExpiringFiles, link: Link) -> bytes:
    return await (await files.open(link.name, str(link.expires), link.signature)).content()


async def test_a_link_is_good_until_it_expires(files: ExpiringFiles, clock: Clock) -> None:
    link = await files.save(b"a picture", "png")
    assert await fetched(files, link) == b"a picture"
    clock.now += 3_599
    assert await fetched(files, link) == b"a picture"
    clock.now += 1
    with pytest.raises(PermissionDenied):
        await fetched(files, link)


async def test_names_differ(files: ExpiringFiles) -> None:
    links = [await files.save(b"the same", "jpeg") for _ in range(10)]
    assert len({link.name for link in links}) == len({link.signature for link in links}) == 10


async def test_a_sweep_removes_what_has_expired_and_nothing_else(
    files: ExpiringFiles, store: ObjectStore, clock: Clock
) -> None:
    link = await files.save(b"a picture", "png")
    await store.put("jobs/kept", b"something else")
    await store.put("files/family/holiday.jpg", b"somebody's")
    await store.put(f"files/{'a' * 43}.png.{'0' * 16}.part", b"half a pict")
    assert await files.sweep() == 0
    clock.now += 3_600 + 121
    newer = ExpiringFiles(store, Signer(b"x" * 32), ttl_s=7_200, now=clock)
    assert await newer.sweep() == 0
    assert await files.sweep() == 2
    assert await (await store.get("jobs/kept")).content() == b"something else"
    assert await (await store.get("files/family/holiday.jpg")).content() == b"somebody's"
    clock.now -= 3_000
    with pytest.raises(NotFound, match="not there any more"):
        await fetched(files, link)
