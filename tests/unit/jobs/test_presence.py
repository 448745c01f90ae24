"""Workers that announce themselves, on a real server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ekiben.errors import QueueUnavailable
from ekiben.jobs import Announcement, Presence, Store, presence
from tests.unit.jobs.bench import Bench


def told(url: str = "http://10.0.0.1:3100", model: str = "toy", since: float = 1.0) -> Announcement:
    return Announcement(model=model, url=url, version="1.0.0", instance="i-1", since=since)


async def test_who_announced_himself_is_there_until_he_withdraws(bench: Bench) -> None:
    there = Presence(bench.store)
    await there.announce("w1", told())
    await there.announce("w1", told())
    await there.announce("w2", told("http://10.0.0.2:3100"))
    await there.announce("w3", told(model="other"))
    assert sorted(found.url for found in await there.present(["toy"])) == [
        "http://10.0.0.1:3100",
        "http://10.0.0.2:3100",
    ]
    assert len(await there.present(["toy", "other", "nobodys"])) == 3
    await there.withdraw("w1", "toy")
    await there.withdraw("w1", "toy")
    assert await there.present(["toy"]) == [told("http://10.0.0.2:3100")]


async def test_the_processes_of_a_machine_are_one_worker_until_the_last_of_them_withdraws(bench: Bench) -> None:
    there = Presence(bench.store)
    await there.announce("w1", told(since=2.0))
    await there.announce("w2", told(since=1.0))
    assert await there.present(["toy"]) == [told(since=1.0)]
    await there.withdraw("w2", "toy")
    assert await there.present(["toy"]) == [told(since=2.0)]


async def test_who_is_not_heard_of_expires(bench: Bench) -> None:
    there = Presence(bench.store)
    await there.announce("w1", told())
    left_ms = await bench.raw.pttl(bench.store.key("worker", "toy", "w1"))
    assert 9_000 < left_ms <= 10_000
    await bench.raw.pexpire(bench.store.key("worker", "toy", "w1"), 0)
    assert await there.present(["toy"]) == []
    assert not await bench.raw.exists(bench.store.key("workers", "toy"))


async def test_nothing_is_left_when_all_have_expired(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "EXPIRY_S", 0.001)
    await Presence(bench.store).announce("w1", told())
    async with asyncio.timeout(10):
        while await bench.raw.keys(bench.store.key("worker*")):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.001)


async def test_their_number_is_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "MOST_OF_A_MODEL", 2)
    there = Presence(bench.store)
    await there.announce("w1", told())
    await there.announce("w2", told("http://10.0.0.2:3100"))
    with pytest.raises(QueueUnavailable, match="more than 2 workers of toy"):
        await there.announce("w3", told("http://10.0.0.3:3100"))
    await there.announce("w1", told())  # Whoever is there may stay.
    await bench.raw.delete(bench.store.key("worker", "toy", "w2"))
    await there.announce("w3", told("http://10.0.0.3:3100"))
    monkeypatch.setattr(presence, "MOST_OF_A_MODEL", 1)
    assert len(await Presence(bench.store).present(["toy"])) == 1


@pytest.mark.parametrize(
    "entry",
    [
        "nonsense",
        told().model_dump_json().replace("http://10.0.0.1:3100", "file:///etc/passwd"),
        told().model_dump_json().replace("i-1", "<b>"),
        told().model_dump_json().replace("1.0.0", "1" * 200),
        told().model_dump_json().replace('"since":1.0', '"since":NaN'),
        told(model="other").model_dump_json(),
    ],
)
async def test_what_cannot_be_believed_is_left_out(bench: Bench, entry: str) -> None:
    there = Presence(bench.store)
    await there.announce("w1", told())
    await bench.raw.sadd(bench.store.key("workers", "toy"), "w2")
    await bench.raw.set(bench.store.key("worker", "toy", "w2"), entry)
    with capture_logs() as logs:
        assert await there.present(["toy"]) == await there.present(["toy"]) == [told()]
    assert [(log["event"], log["entries"]) for log in logs] == [("announced workers are not believed", 1)]


async def test_a_server_that_is_away_is_an_error_of_ours(tmp_path: Path) -> None:
    async with Store(f"unix://{tmp_path}/nobody.sock") as store:
        with pytest.raises(QueueUnavailable):
            await Presence(store).present(["toy"])
