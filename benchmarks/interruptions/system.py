"""The system under test: a gateway with its queue, and instances that come and go; all real processes."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import Self

import httpx

from benchmarks.harness.ports import HOST, free_port
from benchmarks.interruptions.instance import COMMAND, MODEL, ROOT, Instance, Process
from ekiben.jobs import EmbeddedValkey, Store
from ekiben.schemas.health import HealthReport

_TOKEN = "a-secret-between-machines"  # of this run alone


class System:
    """Within the block it runs.

    Args:
        folder: For everything it writes; its path must be short enough for Unix sockets.
        instances: How many.
    """

    def __init__(self, folder: Path, instances: int) -> None:
        self.folder, self._port = folder, free_port()
        self.url = f"http://{HOST}:{self._port}"
        self._valkey = EmbeddedValkey(folder / "valkey", folder / "v.sock")
        self.objects = folder / "objects"
        self._common = {
            "EKIBEN_OBJECTS": str(self.objects),
            "EKIBEN_VALKEY_URL": self._valkey.url,
            "EKIBEN_WORKER_TOKEN": _TOKEN,
            "EKIBEN_LOG_FORMAT": "json",
        }
        # One thread each: they share the machine that they run on.
        shared = {**self._common, "EKIBEN_THREADS": "1"}
        self.instances = [Instance(folder, number, shared) for number in range(instances)]
        self._gateway: Process | None = None

    async def __aenter__(self) -> Self:
        self.objects.mkdir()
        await self._valkey.start()
        self._start_gateway()
        await asyncio.gather(*(instance.start() for instance in self.instances))
        await self._until_served()
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await asyncio.gather(*(instance.vanish() for instance in self.instances))
        if self._gateway is not None:
            self._gateway.terminate()
            await asyncio.to_thread(self._gateway.wait)
        await self._valkey.stop()

    async def known(self) -> set[str]:
        """Names of the instances whose workers the gateway knows as ready."""
        async with httpx.AsyncClient(trust_env=False) as http:
            health = HealthReport.model_validate_json((await http.get(f"{self.url}/health")).content)
        return {worker.instance for part in health.components for worker in part.workers if worker.ready}

    def store(self) -> Store:
        """The queue."""
        return Store(self._valkey.url)

    def _start_gateway(self) -> None:
        settings = {
            **os.environ,
            **self._common,
            "EKIBEN_RUN_DIR": str(self.folder / "g"),
            "EKIBEN_STATE_DIR": str(self.folder / "gs"),
            "EKIBEN_PORT": str(self._port),
            "EKIBEN_ONLY": MODEL,
            "EKIBEN_WORKERS_ELSEWHERE": MODEL,
        }
        with (self.folder / "gateway.log").open("wb") as log:
            self._gateway = Process(
                [*COMMAND, "serve"], cwd=ROOT, env=settings, stdout=log, stderr=log, start_new_session=True
            )

    async def _until_served(self) -> None:
        async with asyncio.timeout(60), httpx.AsyncClient(trust_env=False) as http:
            while True:
                with suppress(httpx.HTTPError):
                    if (await http.get(f"{self.url}/readyz")).status_code == httpx.codes.OK:
                        return
                assert self._gateway is not None
                if self._gateway.poll() is not None:
                    raise RuntimeError(f"the gateway ended by itself:\n{(self.folder / 'gateway.log').read_text()}")
                await asyncio.sleep(0.1)
