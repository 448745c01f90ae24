"""A stand-in for the calls of Auto Scaling that moto does not know: lifecycle actions of one hook."""

from __future__ import annotations

from typing import Self

from aiohttp import web

_REFUSED = """<ErrorResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><Error><Type>Sender</Type>
<Code>ValidationError</Code><Message>No active Lifecycle Action found with instance ID {instance}</Message></Error>
<RequestId>1</RequestId></ErrorResponse>"""
_DONE = """<{action}Response xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><{action}Result/>
<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{action}Response>"""


class AutoScaling:
    """Within the block it listens on loopback.

    Attributes:
        called: Actions and what they were called with, in order.
        waits: Whether the hook waits for the instance.
    """

    def __init__(self) -> None:
        self.called: list[tuple[str, dict[str, str]]] = []
        self.waits = True
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/", self._call)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_exception: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _call(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        action = form.pop("Action")
        self.called.append((action, form))
        if action in {"CompleteLifecycleAction", "RecordLifecycleActionHeartbeat"} and not self.waits:
            return web.Response(status=400, text=_REFUSED.format(instance=form["InstanceId"]), content_type="text/xml")
        if action == "CompleteLifecycleAction":
            self.waits = False
        return web.Response(text=_DONE.format(action=action), content_type="text/xml")
