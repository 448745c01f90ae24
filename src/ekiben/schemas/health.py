"""`GET /health`: what each component is up to."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ekiben.schemas.base import ResponseModel

Status = Literal["ok", "degraded", "unhealthy"]


class AnnouncedWorker(ResponseModel):
    """A worker on another machine that announced itself.

    Attributes:
        instance: Name of its machine.
        version: Of the model there.
        ready: Whether it answers.
        items_in_flight: What this gateway has sent it and has no answer to yet.
    """

    instance: str
    version: str
    ready: bool
    items_in_flight: int


class Component(ResponseModel):
    """One part of the service: a model, a device, the memory, a store.

    Attributes:
        kind: What sort of part it is, such as `model` or `memory`.
        detail: One sentence for the operator when the status is not `ok`.
        workers_expected: Worker processes that should answer; null for parts without workers.
        workers_ready: Worker processes that do answer.
        state: Whether a model is in memory: `loaded`, `idle` (the next request loads it) or `unloaded`.
        devices: Where a model's workers run: `cpu`, `cuda:0`, …
        workers: Workers on other machines that announced themselves.
        measurements: Numbers with the unit in the name, such as `memory_used_gib`.
    """

    name: str
    kind: str
    status: Status
    detail: str | None = None
    workers_expected: int | None = None
    workers_ready: int | None = None
    state: Literal["loaded", "idle", "unloaded"] | None = None
    devices: list[str] = Field(default_factory=list)
    workers: list[AnnouncedWorker] = Field(default_factory=list)
    measurements: dict[str, float] = Field(default_factory=dict)


class HealthReport(ResponseModel):
    """The worst status of all components, and each of them."""

    status: Status
    version: str
    draining: bool = False
    components: list[Component] = Field(default_factory=list)
