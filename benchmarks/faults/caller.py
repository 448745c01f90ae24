"""The client: hands in jobs until each is accepted, whoever dies meanwhile, and follows some as they go on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import httpx

from benchmarks.faults.witness import Notes
from ekiben.errors import EkibenError
from ekiben.inference.image_frames import settings_document
from ekiben.inference.image_generation import ImageSettings
from ekiben.jobs import Event, Events, JobQueue, News, Store, Submission

MODEL = "toy-image"
STEPS = 6
_AGAIN_S = 0.1
_PRINCIPALS = 4


def job_id(number: int) -> str:
    """Made by the client, so that handing in twice is harmless."""
    return f"job_{number:08}"


def submission(number: int) -> Submission:
    """A small picture whose seed is the job's number."""
    settings = ImageSettings("a cat", 16, 16, STEPS, 3.0, number, "ddim")
    return Submission(
        id=job_id(number),
        model=MODEL,
        task="text-to-image",
        principal=f"p{number % _PRINCIPALS}",
        idempotency_key=f"key-{number}",
        inline={"settings": settings_document(settings)},
        max_attempts=10,
    )


async def hand_in(socket: Path, numbers: Sequence[int], notes: Notes, batch: int, every_s: float) -> None:
    """Hand in jobs, so many at once every so often, until each is accepted."""
    transport = httpx.AsyncHTTPTransport(uds=str(socket))
    async with httpx.AsyncClient(transport=transport, base_url="http://door", timeout=10) as client:
        for first in range(0, len(numbers), batch):
            missing = list(numbers[first : first + batch])
            while missing:
                missing = await _try(client, missing, notes)
            await asyncio.sleep(every_s)


async def _try(client: httpx.AsyncClient, numbers: list[int], notes: Notes) -> list[int]:
    """Returns those that are not accepted yet."""
    body = [submission(number).model_dump(mode="json") for number in numbers]
    with suppress(httpx.HTTPError):
        reply = await client.post("/jobs", json=body)
        if reply.status_code == httpx.codes.ACCEPTED:
            answers = dict(zip(numbers, reply.json(), strict=True))
            for number, is_accepted in answers.items():
                if is_accepted:
                    notes.saw("accepted", job_id(number))
            return [number for number, is_accepted in answers.items() if not is_accepted]
    await asyncio.sleep(_AGAIN_S)
    return numbers


async def follow(store: Store, numbers: Sequence[int]) -> dict[str, list[Event]]:
    """What one listener of each job hears, until they have ended; it goes on where it was when it was cut off."""
    async with News(store) as news:
        events = Events(store, news)
        heard = await asyncio.gather(*(_follow(store, events, job_id(number)) for number in numbers))
    return {job_id(number): found for number, found in zip(numbers, heard, strict=True)}


async def _follow(store: Store, events: Events, job: str) -> list[Event]:
    heard: list[Event] = []
    while not (heard and heard[-1].last):
        with suppress(EkibenError):
            await JobQueue(store).get(job)  # Not before it is accepted.
            async for event in events.follow(job, after=heard[-1].number if heard else 0):
                heard.append(event)  # noqa: PERF401  # what was heard before a failure counts
        await asyncio.sleep(_AGAIN_S)
    return heard
