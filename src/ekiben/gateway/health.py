"""`/health`: the state of every component, and the worst of them."""

from __future__ import annotations

import psutil

from ekiben.gateway.state import GatewayState
from ekiben.schemas.health import Component, HealthReport, Status
from ekiben.version import __version__

# Of the machine's memory; beyond it the next allocation may fail.
_DEGRADED_MEMORY_PERCENT = 90.0
_GIB = 2**30


def report(gateway: GatewayState) -> HealthReport:
    """Look at every component now."""
    components = [*(_model(gateway, name) for name in gateway.cards), _memory()]
    worst: Status = "ok"
    for status in ("degraded", "unhealthy"):
        if any(component.status == status for component in components):
            worst = status
    return HealthReport(
        status=worst,
        version=__version__,
        draining=gateway.admission.draining,
        components=components,
    )


def _model(gateway: GatewayState, name: str) -> Component:
    ready, expected = gateway.fleet.counts(name)
    status: Status = "ok" if ready >= expected else "degraded" if ready else "unhealthy"
    detail = None if status == "ok" else f"{ready} of {expected} workers are ready."
    return Component(
        name=name, kind="model", status=status, detail=detail, workers_expected=expected, workers_ready=ready
    )


def _memory() -> Component:
    memory = psutil.virtual_memory()
    degraded = memory.percent > _DEGRADED_MEMORY_PERCENT
    return Component(
        name="memory",
        kind="memory",
        status="degraded" if degraded else "ok",
        detail=f"{memory.percent:.0f} % of memory is in use." if degraded else None,
        measurements={
            "memory_used_gib": round((memory.total - memory.available) / _GIB, 3),
            "memory_total_gib": round(memory.total / _GIB, 3),
        },
    )
