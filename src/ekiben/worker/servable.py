"""What a `ModelHost` loads, serves and closes: a model with everything around it that answers requests."""

from __future__ import annotations

from typing import Protocol

from starlette.types import ASGIApp

from ekiben.worker.jobs.runner import JobRunner


class Servable(Protocol):
    """A loaded model that answers the internal protocol; made on the event loop that it is used on."""

    @property
    def device(self) -> str:
        """Where it computes, for the log: `cpu`, `cuda:0`, a URL."""

    @property
    def asgi(self) -> ASGIApp:
        """The internal server (`ekiben.inference.protocol`), `/ready` included."""

    @property
    def jobs(self) -> JobRunner:
        """What computes durable jobs beside the requests."""

    @property
    def ready(self) -> bool:
        """Whether requests are answered."""

    async def warm_up(self) -> None:
        """Run what a first request would otherwise pay for; called once, before readiness."""

    async def close(self) -> None:
        """Take nothing more, finish what was accepted, let go of memory and device."""
