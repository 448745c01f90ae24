"""llama.cpp with real weights, without gateway or worker around it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from ekiben.cards.catalogue import load_catalogue
from ekiben.errors import ContextLengthExceeded, WeightsError
from ekiben.inference.generation import Finish, GenerationRequest, Message, Piece, Sampling
from ekiben.runtimes.llama_cpp import LlamaCpp
from ekiben.settings import load_settings
from ekiben.weights.bento_store import ModelStore

MODELS = Path(__file__).parents[3] / "models"
CARD = load_catalogue(MODELS).get("smollm2-135m-instruct")
FILES = ModelStore(load_settings().bentoml_home).path(CARD.tag)
JAPAN = (Message("user", "What is the capital of Japan?"),)
ENDLESS = "Once upon a time there was a little fox who lived in the forest."
COLD = Sampling(temperature=0)


@pytest.fixture
async def llama() -> AsyncIterator[LlamaCpp]:
    made = await asyncio.to_thread(LlamaCpp, CARD, FILES, 2)
    try:
        await made.warm_up()
        yield made
    finally:
        await made.close()


async def write(llama: LlamaCpp, request: GenerationRequest) -> tuple[str, Finish]:
    stream = await llama.open(await llama.prepare(request))
    text = ""
    async for event in stream:
        if isinstance(event, Piece):
            text += event.text
        else:
            return text, event
    raise AssertionError("no finish")


async def busy_slots(llama: LlamaCpp) -> int:
    response = await llama._server._session.get("http://llama/slots")
    return sum(slot["is_processing"] for slot in await response.json())


async def until_busy(llama: LlamaCpp, slots: int) -> None:
    async with asyncio.timeout(30):
        while await busy_slots(llama) != slots:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.02)


async def test_it_answers_through_its_own_template(llama: LlamaCpp) -> None:
    text, finish = await write(llama, GenerationRequest(JAPAN, sampling=COLD))
    assert "Tokyo" in text
    assert finish.reason == "stop"
    assert finish.prompt_tokens > 30  # The template's system message is counted.
    assert (await write(llama, GenerationRequest(JAPAN, sampling=COLD, stream=False)))[0] == text


async def test_what_does_not_fit_is_refused_with_the_numbers(llama: LlamaCpp) -> None:
    with pytest.raises(ContextLengthExceeded, match="4096 tokens; the request has 4100 of the prompt"):
        await llama.prepare(GenerationRequest("word " * 4_099))
    with pytest.raises(ContextLengthExceeded, match="and 1000 of the answer"):
        await llama.prepare(GenerationRequest("word " * 3_500, max_tokens=1_000))
    most = await llama.prepare(GenerationRequest("word " * 3_500))
    assert most.max_tokens == 4_096 - 3_501
    assert (await llama.prepare(GenerationRequest("a"))).max_tokens == 1_024


async def test_closing_a_stream_frees_its_slot(llama: LlamaCpp) -> None:
    stream = await llama.open(GenerationRequest(ENDLESS, max_tokens=3_000, sampling=COLD))
    seen = 0
    async for _ in stream:
        seen += 1
        if seen == 3:
            break
    assert await busy_slots(llama) == 1
    await stream.aclose()
    await until_busy(llama, 0)


async def test_closing_a_stream_that_has_written_nothing_yet_frees_its_slot(llama: LlamaCpp) -> None:
    stream = await llama.open(GenerationRequest("word " * 3_000, max_tokens=1_000, sampling=COLD))

    async def read() -> None:
        async for _ in stream:
            pytest.fail("it has written something")

    reading = asyncio.create_task(read())
    await until_busy(llama, 1)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await stream.aclose()
    await until_busy(llama, 0)


async def test_several_requests_share_the_model(llama: LlamaCpp) -> None:
    """Eight at once are in eight slots, and each is answered as it is alone."""
    alone, _ = await write(llama, GenerationRequest(JAPAN, sampling=COLD))
    most = 0
    asking = [asyncio.create_task(write(llama, GenerationRequest(ENDLESS, max_tokens=100))) for _ in range(7)]
    together = asyncio.create_task(write(llama, GenerationRequest(JAPAN, sampling=replace(COLD, seed=1))))
    while not all(task.done() for task in (*asking, together)):
        most = max(most, await busy_slots(llama))
    assert (await together)[0] == alone
    assert {finish.completion_tokens for _, finish in await asyncio.gather(*asking)} <= set(range(1, 101))
    assert most >= 7


async def test_it_computes_with_no_more_threads_than_it_was_given() -> None:
    made = await asyncio.to_thread(LlamaCpp, CARD, FILES, 1)
    try:
        process = psutil.Process()
        started, used = time.monotonic(), sum(process.cpu_times()[:2])
        await asyncio.gather(*(write(made, GenerationRequest(ENDLESS, max_tokens=150, stream=False)) for _ in range(8)))
        cores = (sum(process.cpu_times()[:2]) - used) / (time.monotonic() - started)
        assert cores < 1.3  # One computing thread, and this test.
    finally:
        await made.close()


async def test_closing_gives_the_memory_back() -> None:
    process = psutil.Process()
    settle = await asyncio.to_thread(LlamaCpp, CARD, FILES, 1)  # Libraries and pools that stay.
    await settle.close()
    before = process.memory_info().rss
    made = await asyncio.to_thread(LlamaCpp, CARD, FILES, 1)
    await write(made, GenerationRequest("word " * 2_000, max_tokens=20))
    loaded = process.memory_info().rss
    await made.close()
    after = process.memory_info().rss
    assert loaded - before > 500 * 2**20
    assert after - before < 0.05 * (loaded - before)
    assert not made.ready


async def test_a_file_that_is_no_model_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        LlamaCpp(CARD, tmp_path, 1)
    (tmp_path / "model.gguf").write_bytes(os.urandom(1_000))
    with pytest.raises(WeightsError, match="cannot load it"):
        await asyncio.to_thread(LlamaCpp, CARD, tmp_path, 1)
