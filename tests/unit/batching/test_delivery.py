from __future__ import annotations

import asyncio

import pytest

from ekiben.batching.delivery import Reply, deliver
from ekiben.batching.request import Request
from ekiben.batching.work import Work
from ekiben.errors import Internal


def ended(error: Internal | None = None) -> Request:
    request = Request([Work(1)], arrival=0.0, reply=Reply(asyncio.get_running_loop()))
    request.end(1.0, error)
    return request


async def test_outcomes_arrive_on_the_loop() -> None:
    good, bad = ended(), ended(Internal("broken"))
    deliver([good, bad])
    await good.reply.future
    with pytest.raises(Internal, match="broken"):
        await bad.reply.future


async def test_a_batch_takes_one_hop(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, hops = asyncio.get_running_loop(), []
    hop = loop.call_soon_threadsafe
    monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *args: hops.append(hop(*args)))
    deliver([ended() for _ in range(10)])
    assert len(hops) == 1


async def test_a_caller_that_left_is_passed_over() -> None:
    gone, good = ended(), ended()
    gone.reply.future.cancel()
    deliver([gone, good])
    await good.reply.future


def test_a_closed_loop_is_no_harm() -> None:
    async def make() -> Request:
        return ended()

    deliver([asyncio.run(make())])
