"""The load: pictures that callers wait for, at a steady rate, and durable jobs; none is asked for twice."""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import dataclass, field
from typing import Self

from benchmarks.interruptions.instance import MODEL
from ekiben import AsyncClient
from ekiben.errors import EkibenError

REQUEST_STEPS = 2
JOB_STEPS = 100
_PROMPT = "a red apple"
_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Rates:
    """How often what is asked for, in seconds between two."""

    request_every_s: float = 0.5
    job_every_s: float = 8.0


@dataclass
class Load:
    """Callers of one gateway.

    Attributes:
        durations_s: Of requests that were answered.
        failures: What those got that were not: the error's code, and when, in seconds into the run.
        jobs: That were accepted.
        refused: Submissions that were not.
    """

    url: str
    rates: Rates
    durations_s: list[float] = field(default_factory=list)
    failures: list[tuple[float, str]] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    _asking: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        # No retries of the client's own: what the platform itself does not mend counts as failed.
        self._client = AsyncClient(self.url, timeout=_TIMEOUT_S, max_retries=0)
        self._began = time.monotonic()
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await asyncio.gather(*self._asking)
        await self._client.close()

    async def until(self, calm: asyncio.Event) -> None:
        """Ask until all is calm; whoever was asked before is waited for."""
        await asyncio.gather(self._request_on(calm), self._submit_on(calm))
        await asyncio.gather(*self._asking)

    async def _request_on(self, calm: asyncio.Event) -> None:
        for seed in itertools.count(1):
            if calm.is_set():
                return
            task = asyncio.create_task(self._request(seed))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
            await asyncio.sleep(self.rates.request_every_s)

    async def _submit_on(self, calm: asyncio.Event) -> None:
        for seed in itertools.count(1):
            if calm.is_set():
                return
            try:
                asked = {"prompt": _PROMPT, "seed": seed, "num_inference_steps": JOB_STEPS}
                self.jobs.append((await self._client.jobs.submit(asked, model=MODEL)).id)
            except EkibenError as error:
                self.refused.append(error.code)
            await asyncio.sleep(self.rates.job_every_s)

    async def _request(self, seed: int) -> None:
        began = time.monotonic()
        try:
            images = await self._client.images.generate(
                _PROMPT, model=MODEL, seed=seed, num_inference_steps=REQUEST_STEPS
            )
            assert images.first.seed == seed
        except EkibenError as error:
            self.failures.append((began - self._began, f"{error.code}: {error.message}"))
        else:
            self.durations_s.append(time.monotonic() - began)
