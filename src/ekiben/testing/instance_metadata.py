"""A stand-in for EC2's instance metadata service, version 2: session tokens, and notices that a test announces."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, Self

from aiohttp import web

_REBALANCE: Final = "events/recommendations/rebalance"
_SPOT: Final = "spot/instance-action"
_LIFECYCLE: Final = "autoscaling/target-lifecycle-state"
_NOTICE_S: Final = 120.0
_MAX_TTL_S: Final = 21_600


class InstanceMetadata:
    """Of one instance; within the block it listens on loopback.

    Args:
        instance: Its id.
        clock: Seconds, for the life of tokens.

    Attributes:
        asked: Paths that were asked for with a valid token, in order.
        tokens: Session tokens given out.
    """

    def __init__(self, instance: str = "i-0123456789abcdef0", clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._documents = {"instance-id": instance, "placement/region": "eu-central-1", _LIFECYCLE: "InService"}
        self._ends: dict[str, float] = {}
        self._runner: web.AppRunner | None = None
        self.asked: list[str] = []
        self.tokens = 0
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_put("/latest/api/token", self._token)
        app.router.add_get("/latest/meta-data/{path:.+}", self._document)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_exception: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def recommend_rebalance(self) -> None:
        """Announce that the instance is at an elevated risk."""
        self._documents[_REBALANCE] = json.dumps({"noticeTime": _stamp(datetime.now(UTC))})

    def interrupt(
        self, action: Literal["terminate", "stop", "hibernate"] = "terminate", in_s: float = _NOTICE_S
    ) -> datetime:
        """Announce that the instance is taken; returns when."""
        at = (datetime.now(UTC) + timedelta(seconds=in_s)).replace(microsecond=0)
        self._documents[_SPOT] = json.dumps({"action": action, "time": _stamp(at)})
        return at

    def aim_for(self, state: str) -> None:
        """Have the Auto Scaling group bring the instance to a state, such as `Terminated`."""
        self._documents[_LIFECYCLE] = state

    def say(self, path: str, document: str) -> None:
        """Answer a path under /latest/meta-data/ with whatever it is."""
        self._documents[path] = document

    def forget_tokens(self) -> None:
        """Let every token be unknown from now on."""
        self._ends.clear()

    async def _token(self, request: web.Request) -> web.Response:
        stated = request.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
        if "X-Forwarded-For" in request.headers:
            return web.Response(status=403)
        if not stated.isdecimal() or not 1 <= int(stated) <= _MAX_TTL_S:
            return web.Response(status=400)
        token = secrets.token_urlsafe(32)
        self._ends[token] = self._clock() + int(stated)
        self.tokens += 1
        return web.Response(text=token, headers={"X-aws-ec2-metadata-token-ttl-seconds": stated})

    async def _document(self, request: web.Request) -> web.Response:
        token = request.headers.get("X-aws-ec2-metadata-token", "")
        if self._clock() >= self._ends.get(token, 0.0):
            return web.Response(status=401)
        path = request.match_info["path"]
        self.asked.append(path)
        if path not in self._documents:
            return web.Response(status=404)
        return web.Response(text=self._documents[path])


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
