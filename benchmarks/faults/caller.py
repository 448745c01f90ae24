"""The client: hands in jobs until each is accepted, whoever dies meanwhile, and follows some as they go on."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

from benchmarks.faults.witness import Notes
from ekiben import AsyncClient
from ekiben.errors import EkibenError
from ekiben.schemas.jobs import JobEventData

MODEL = "toy-image"
STEPS = 6
_AGAIN_S = 0.1
_FOLLOWED = 50
_WEBHOOK_EVERY = 4
"""Of the sets that are handed in."""
_ENDS = frozenset({"succeeded", "failed", "cancelled", "expired"})


@dataclass(frozen=True, slots=True)
class Load:
    """What is handed in.

    Attributes:
        jobs: At least so many; the first's seed is 1, and so on.
        batch: Jobs handed in at once, every `every_s`.
        is_watched: Whether some have listeners and webhooks.
    """

    jobs: int
    batch: int
    every_s: float
    is_watched: bool


@dataclass
class Caller:
    """One user of our own client, over the gateway's socket.

    Attributes:
        seeds: Of the jobs that were accepted.
        told_by_webhook: Jobs that asked for one.
        heard: Numbers of the events that a listener heard, by job.
    """

    socket: Path
    notes: Notes
    webhook: str
    seeds: dict[str, int] = field(default_factory=dict)
    told_by_webhook: set[str] = field(default_factory=set)
    heard: dict[str, list[int]] = field(default_factory=dict)
    _listening: list[asyncio.Task[None]] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        transport = httpx.AsyncHTTPTransport(uds=str(self.socket), limits=httpx.Limits(max_connections=None))
        self._http = httpx.AsyncClient(transport=transport)
        self._client = AsyncClient("http://127.0.0.1", http_client=self._http)
        return self

    async def __aexit__(self, *_exception: object) -> None:
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)
        await self._http.aclose()

    async def hand_in(self, load: Load, calm: asyncio.Event) -> None:
        """Hand in so much, and go on while there are faults; each job until it is accepted."""
        every = max(1, load.jobs // _FOLLOWED)
        for first in itertools.count(1, load.batch):
            if first > load.jobs and calm.is_set():
                break
            seeds = range(first, first + load.batch)
            is_told = load.is_watched and (first // load.batch) % _WEBHOOK_EVERY == 0
            accepted = await self._hand_in(seeds, has_webhook=is_told)
            self._listening += [
                asyncio.create_task(self._follow(job))
                for job, seed in accepted.items()
                if load.is_watched and seed % every == 0
            ]
            await asyncio.sleep(load.every_s)

    async def listened(self) -> None:
        """Wait until every listener has heard the end of its job."""
        await asyncio.gather(*self._listening)

    async def _hand_in(self, seeds: Sequence[int], *, has_webhook: bool) -> dict[str, int]:
        """One set; the same call under the same key, until all of it is accepted. Returns the jobs' seeds."""
        options: dict[str, Any] = {"idempotency_key": f"set-{seeds[0]}"}
        if has_webhook:
            options["webhook"] = self.webhook
        inputs = [{"prompt": "a cat", "num_inference_steps": STEPS, "seed": seed} for seed in seeds]
        accepted: dict[str, int] = {}
        while len(accepted) < len(seeds):
            with suppress(EkibenError):
                items = (await self._client.jobs.submit_batch(inputs, model=MODEL, **options)).items
                accepted = {item.job: seeds[item.index] for item in items if item.job is not None}
            for job in accepted.keys() - self.seeds.keys():
                self.notes.saw("accepted", job)
            self.seeds |= accepted
            self.told_by_webhook |= accepted.keys() if has_webhook else set()
            await asyncio.sleep(_AGAIN_S)
        return accepted

    async def _follow(self, job: str) -> None:
        """Goes on where it was when it was cut off, also where the client itself has given up."""
        heard = self.heard.setdefault(job, [])
        event: JobEventData | None = None
        while event is None or event.type not in _ENDS:
            with suppress(EkibenError):
                async for event in self._client.jobs.events(job, after=heard[-1] if heard else 0):
                    heard.append(event.number)
            await asyncio.sleep(_AGAIN_S)
