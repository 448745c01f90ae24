"""The platform on this machine, seen from outside of its processes: over the Unix sockets in its run folder."""

from __future__ import annotations

import asyncio
import contextlib
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx

from ekiben.jobs.opening import QUEUE_SOCKET
from ekiben.worker.listener import SOCKET_SUFFIX

STOP_FILE: Final = "stop"
"""In the run folder: while it is there, the supervisor is to drain and end. It works across containers, as a signal
would not."""
_SUPERVISOR_LOOKS_S: Final = 0.25
_READY_WITHIN_S: Final = 2.0


class PlatformHere:
    """Whatever serves in one run folder; what does not answer in time is passed over.

    Args:
        run_dir: Its sockets.
        control_name: File-name stem of the gateways' private sockets.
    """

    def __init__(self, run_dir: Path, control_name: str) -> None:
        self.run_dir, self._control_name = run_dir, control_name

    @property
    def is_there(self) -> bool:
        """Whether any process of it may be left."""
        return any(self.run_dir.glob(f"*{SOCKET_SUFFIX}"))

    async def states(self, within_s: float = _READY_WITHIN_S) -> list[dict[str, Any]]:
        """What the gateways that answer say of themselves."""
        answers = [await self._ask(path, "GET", "/status", within_s) for path in self._gateways()]
        return [answer for answer in answers if answer]

    async def ready(self) -> bool:
        """Whether every gateway says so; where there is none, whether every worker does."""
        if self._gateways():
            states = await self.states()
            return bool(states) and all(state["ready"] for state in states)
        workers = self._workers()
        return bool(workers) and all([await self._is_ready(path) for path in workers])

    async def hand_back(self, within_s: float) -> bool:
        """Have the workers take no more jobs, and hand those they have back with a checkpoint.

        Returns:
            Whether all that are alive did.
        """
        workers = self._workers()
        answers = await asyncio.gather(*(self._ask(path, "POST", "/hand-back", within_s) for path in workers))
        return all(answer or not path.exists() for path, answer in zip(workers, answers, strict=True))

    async def drain(self, within_s: float) -> bool:
        """Have the gateways finish what is in flight and refuse the rest; returns whether they did."""
        asked = (self._ask(path, "POST", "/drain", within_s) for path in self._gateways())
        return all(answer is None or answer["finished"] for answer in await asyncio.gather(*asked))

    async def end(self) -> None:
        """Ask the supervisor to drain and end, and wait until it has."""
        if not self.is_there:
            return
        stop = self.run_dir / STOP_FILE
        with contextlib.suppress(FileNotFoundError):  # It has ended meanwhile.
            stop.touch(mode=0o600)
        while stop.exists():  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(_SUPERVISOR_LOOKS_S)

    def _gateways(self) -> list[Path]:
        return list(self.run_dir.glob(f"{self._control_name}.*{SOCKET_SUFFIX}"))

    def _workers(self) -> list[Path]:
        sockets = set(self.run_dir.glob(f"*{SOCKET_SUFFIX}")) - set(self._gateways())
        return [path for path in sockets if path.name != QUEUE_SOCKET]

    async def _is_ready(self, path: Path) -> bool:
        async with _client(path, _READY_WITHIN_S) as client:
            try:
                return (await client.get("/ready")).status_code == HTTPStatus.OK
            except httpx.HTTPError:
                return False

    async def _ask(self, path: Path, method: str, route: str, within_s: float) -> dict[str, Any] | None:
        async with _client(path, within_s) as client:
            try:
                reply: dict[str, Any] = (await client.request(method, route)).json()
            except httpx.ConnectError:
                path.unlink(missing_ok=True)  # Its process died without a goodbye.
                return None
            except (httpx.HTTPError, ValueError):  # No answer, or not one of ours.
                return None
        return reply


def _client(path: Path, within_s: float) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(uds=str(path), verify=False)
    return httpx.AsyncClient(transport=transport, timeout=within_s, base_url="http://platform")
