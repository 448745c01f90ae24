"""Whoever is told by webhooks: it takes most of them, refuses some the first time, and remembers all."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.harness.ports import free_port
from ekiben.worker.listener import Listener

NETWORK = "127.0.0.0/8"
SECRET = "whsec_ZmF1bHQgYmVuY2gsIGZhdWx0IGJlbmNoLCBmYXVsdA=="
_REFUSED_EVERY = 10


class Receiver:
    """Within the block it listens.

    Attributes:
        bodies: What was said of each job, the same only once.
    """

    def __init__(self) -> None:
        self.bodies: dict[str, set[bytes]] = defaultdict(set)
        address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{address}/told"
        self._listener = Listener(Starlette(routes=[Route("/told", self._told, methods=["POST"])]), address)

    async def __aenter__(self) -> Self:
        await self._listener.start()
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self._listener.close()

    async def _told(self, request: Request) -> Response:
        body = await request.body()
        job = str(json.loads(body)["data"]["id"])
        is_new = job not in self.bodies
        self.bodies[job].add(body)
        return Response(status_code=500 if is_new and len(self.bodies) % _REFUSED_EVERY == 0 else 204)
