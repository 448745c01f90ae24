"""What lies beneath presence, and what gateways tell each other: entries of one form, on a real server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic import BaseModel

from ekiben.errors import QueueUnavailable
from ekiben.jobs import Board, Store, board
from tests.unit.jobs.bench import Bench


class Word(BaseModel):
    said: int


async def test_each_topic_has_its_own_entries_and_each_owner_one_that_expires(bench: Bench) -> None:
    words = Board(bench.store, Word, lasting_s=30, most=2)
    for said in (1, 2):
        assert await words.put("one", "a", Word(said=said))
    assert await words.put("one", "b", Word(said=3))
    assert not await words.put("one", "c", Word(said=4))
    assert await words.put("other", "c", Word(said=5))
    found, others = await words.read("one")
    assert (sorted(word.said for word in found), others) == ([2, 3], 0)
    assert 29_000 < await bench.raw.pttl(bench.store.key("worker", "one", "a")) <= 30_000
    await words.take_down("one", "a")
    found, _ = await words.read("one", "other")
    assert sorted(word.said for word in found) == [3, 5]


async def test_entries_of_another_form_are_counted_and_left_out(bench: Bench) -> None:
    words = Board(bench.store, Word, lasting_s=30, most=9)
    await words.put("one", "a", Word(said=1))
    for owner, text in (("b", "no json"), ("c", '{"said": "much"}')):
        await bench.store.run("announce", "one", owner, text, 30_000, 9)
    assert await words.read("one") == ([Word(said=1)], 2)


async def test_a_server_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    monkeypatch.setattr(board, "_WITHIN_S", 0.1)
    server = await asyncio.start_unix_server(say_nothing, tmp_path / "v.sock")
    async with server, Store(f"unix://{tmp_path}/v.sock") as store:
        words = Board(store, Word, lasting_s=30, most=9)
        with pytest.raises(QueueUnavailable, match="does not answer in time"):
            await words.put("one", "a", Word(said=1))
        with pytest.raises(QueueUnavailable, match="does not answer in time"):
            await words.read("one")
