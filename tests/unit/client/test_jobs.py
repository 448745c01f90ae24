"""Jobs against a server that answers from a script: what is sent, and how a broken stream goes on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ekiben import AsyncClient, Client
from ekiben.client.errors import ConnectionFailed, JobNotDone, RequestTimedOut
from ekiben.client.job_events import following
from ekiben.errors import JobNotFound, QueueFull
from tests.unit.client.conftest import Hand, Reply, Server, refusal, reply

if TYPE_CHECKING:
    from tests.unit.client.conftest import Caller


def _job(state: str = "queued", **more: object) -> dict[str, Any]:
    here = "/v1/jobs/job_1"
    return {
        "id": "job_1", "task": "text-to-image", "model": "m", "state": state, "priority": 0, "position": 1,
        "attempts": 0, "max_attempts": 3, "cancelling": False, "timings": {"created_at": 1.0},
        "cost": {"device_s": 0, "steps": 0}, "metadata": {}, "links": {"self": here, "events": f"{here}/events"},
        **more,
    }  # fmt: skip


def _events(*kinds: str, first: int = 1) -> Reply:
    body = b": hello\n\n"
    for number, kind in enumerate(kinds, start=first):
        data = {"type": kind, "number": number, "at": 1.0, "job": "job_1"}
        body += f"id: {number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n".encode()
    return Reply(200, body, {"content-type": "text/event-stream"})


def test_all_attempts_of_a_submission_have_one_key(call: Caller, server: Server, hand: Hand) -> None:
    server.answers(refusal(503, "queue_unavailable"), reply(_job(), 202))
    job = call(lambda client: client.jobs.submit({"prompt": "fox"}, metadata={"a": "b"}, deadline=60), pace=hand.pace())
    assert job.id == "job_1"
    first, second = server.received
    assert first.json == {"task": "text-to-image", "input": {"prompt": "fox"}, "metadata": {"a": "b"}, "deadline": 60}
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    call(lambda client: client.jobs.submit({"prompt": "fox"}))
    assert server.received[2].headers["idempotency-key"] != first.headers["idempotency-key"]


async def _all(client: AsyncClient | Client, **options: Any) -> list[tuple[int, str]]:
    if isinstance(client, Client):
        return [(event.number, event.type) for event in client.jobs.events("job_1", **options)]
    return [(event.number, event.type) async for event in client.jobs.events("job_1", **options)]


async def test_a_broken_stream_goes_on_where_it_ended(server: Server, hand: Hand) -> None:
    for kind in (Client, AsyncClient):
        server.received.clear()
        server.answers(
            _events("queued", "started"), Reply(drop=True), refusal(503, "shutting_down"),
            _events("step", first=3), _events("succeeded", first=4),
        )  # fmt: skip
        client = kind(server.url, pace=hand.pace(), max_retries=0)
        assert await _all(client) == [(1, "queued"), (2, "started"), (3, "step"), (4, "succeeded")]
        assert [each.headers["last-event-id"] for each in server.received] == ["0", "2", "2", "2", "3"]


async def test_a_job_that_is_not_there_is_not_asked_for_again(server: Server, hand: Hand) -> None:
    server.answers(refusal(404, "job_not_found"))
    for kind in (Client, AsyncClient):
        with pytest.raises(JobNotFound):
            await _all(kind(server.url, pace=hand.pace()))


async def test_a_reader_gives_up_in_time(server: Server, hand: Hand) -> None:
    server.answers(_events("queued"), Reply(drop=True))
    for kind in (Client, AsyncClient):
        with pytest.raises(RequestTimedOut):
            await _all(kind(server.url, pace=hand.pace(), max_retries=0), timeout=0.5)


def test_map_gives_results_in_order_and_says_how_far_it_is(server: Server) -> None:
    batch = {"id": "batch_1", "total": 2, "counts": {}, "done": False,
             "items": [{"index": 0, "job": "job_1"}, {"index": 1, "job": "job_2"}]}  # fmt: skip
    server.answers(
        reply(batch, 202),
        _events("succeeded"), reply(_job("succeeded")), reply({"data": [1]}),
        _events("succeeded"), reply(_job("succeeded")), reply({"data": [2]}),
    )  # fmt: skip
    told: list[tuple[int, int]] = []
    with Client(server.url) as client:
        found = list(
            client.jobs.map([{"input": "a"}, {"input": "b"}], "text-embedding", progress=lambda *at: told.append(at))
        )
    assert found == [{"data": [1]}, {"data": [2]}]
    assert told == [(1, 2), (2, 2)]


def _batch(*items: dict[str, Any]) -> Reply:
    told = [{"index": index, **item} for index, item in enumerate(items)]
    return reply({"id": "batch_1", "total": len(told), "counts": {}, "done": False, "items": told}, 202)


_REFUSED = {"error": {"code": "queue_full", "message": "full"}}


def test_map_says_what_failed(server: Server) -> None:
    server.answers(
        _batch({"job": "job_1"}),
        _events("failed"),
        reply(_job("failed", problem={"code": "x", "message": "it broke"})),
    )
    with Client(server.url) as client, pytest.raises(JobNotDone, match="it broke") as caught:
        list(client.jobs.map([{"prompt": "a"}]))
    assert (caught.value.job_id, caught.value.state) == ("job_1", "failed")


def test_map_hands_in_again_what_found_no_room(server: Server, hand: Hand) -> None:
    server.answers(
        _batch({"job": "job_1"}, _REFUSED), _batch({"job": "job_1"}, {"job": "job_2"}),
        _events("succeeded"), reply(_job("succeeded")), reply({"data": [1]}),
        _events("succeeded"), reply(_job("succeeded")), reply({"data": [2]}),
    )  # fmt: skip
    with Client(server.url, pace=hand.pace()) as client:
        assert len(list(client.jobs.map([{"input": "a"}, {"input": "b"}], "text-embedding"))) == 2
    first, second, *_ = server.received
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.json == second.json


async def test_map_gives_up_where_there_is_no_room_for_long(server: Server, hand: Hand) -> None:
    server.answers(_batch({"job": "job_1"}, _REFUSED))
    with Client(server.url, pace=hand.pace()) as client, pytest.raises(QueueFull, match="full"):
        list(client.jobs.map([{"prompt": "a"}, {"prompt": "b"}]))
    async with AsyncClient(server.url, pace=hand.pace()) as asynchronous:
        with pytest.raises(QueueFull, match="full"):
            _ = [each async for each in asynchronous.jobs.map([{"prompt": "a"}, {"prompt": "b"}])]


def test_map_gives_each_set_a_key_of_its_own(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ekiben.client.job_map.MAX_BATCH", 1)
    server.answers(
        _batch({"job": "job_1"}), _batch({"job": "job_2"}),
        _events("succeeded"), reply(_job("succeeded")), reply({"data": [1]}),
    )  # fmt: skip
    with Client(server.url) as client:
        next(iter(client.jobs.map([{"input": "a"}, {"input": "b"}], "text-embedding", idempotency_key="mine")))
    keys = [each.headers["idempotency-key"] for each in server.received[:2]]
    assert keys == ["mine-0", "mine-1"]


def test_who_waits_for_long_outlives_any_number_of_restarts(hand: Hand) -> None:
    reader = following("job_1", hand.pace(), None)
    for _ in range(100):
        reader.connected()
        hand.now += 60
        reader.wait_s(ConnectionFailed("restarted"))
    for _ in range(7):
        reader.wait_s(ConnectionFailed("away"))
    with pytest.raises(ConnectionFailed):
        reader.wait_s(ConnectionFailed("away"))
