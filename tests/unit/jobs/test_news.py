"""Waking listeners."""

from __future__ import annotations

import asyncio

import pytest

from ekiben.jobs import News
from tests.unit.jobs.bench import Bench


async def test_only_the_listeners_of_that_job_are_woken(bench: Bench) -> None:
    mine, other = await bench.submit(), await bench.submit()
    async with News(bench.store) as news:
        with news.listen(mine) as hearing, news.listen(other) as deaf:
            first = asyncio.create_task(hearing.wait())
            await asyncio.wait_for(deaf.wait(), 5)  # At the beginning everybody looks.
            await asyncio.wait_for(first, 5)
            second, silent = asyncio.create_task(hearing.wait()), asyncio.create_task(deaf.wait())
            await bench.queue.cancel(mine)
            await asyncio.wait_for(second, 5)
            assert not silent.done()
            silent.cancel()
        assert not news._listening


async def test_news_before_anybody_listens_is_no_news(bench: Bench) -> None:
    async with News(bench.store) as news:
        job_id = await bench.submit()
        with news.listen(job_id) as hearing:
            waiting = asyncio.create_task(hearing.wait())
            await bench.queue.cancel(job_id)
            await asyncio.wait_for(waiting, 5)


async def test_news_comes_again_after_a_fault_that_nobody_foresaw(bench: Bench) -> None:
    key = bench.store.key("news")
    await bench.raw.set(key, "no stream")
    async with News(bench.store) as news:
        with news.listen("any") as hearing:
            woken = asyncio.create_task(hearing.wait())
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.shield(woken), 0.2)
            await bench.raw.delete(key)
            await asyncio.wait_for(woken, 5)
