"""How each part of the machine and of the platform is; what is too hot, too full or gone says so in one sentence."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from ekiben.cards.card import Card
from ekiben.devices.machine import memory_in_use
from ekiben.devices.nvml import GpuReading
from ekiben.errors import WeightsError
from ekiben.gateway.loading import Loading, WorkerState
from ekiben.jobs.statistics import QueueStatistics
from ekiben.schemas.health import AnnouncedWorker, Component, Status
from ekiben.settings import Settings
from ekiben.weights.store import check_stored

# NVIDIA's data-centre GPUs slow down from about 87 °C; above 90 % of memory the next allocation may fail.
HOT_C: Final = 85.0
FULL: Final = 0.9
# Less is soon taken by logs, and then nothing can be pulled or written any more.
_LEAST_FREE_GIB: Final = 1.0
_GIB: Final = 2**30


def model(
    card: Card,
    ready: int,
    expected: int,
    states: list[WorkerState],
    in_flight: int = 0,
    *,
    elsewhere: list[AnnouncedWorker] | None = None,
) -> Component:
    """A model, by its workers.

    Args:
        card: The model's.
        ready: Workers that answer.
        expected: Workers that should.
        states: What they say of themselves.
        in_flight: Items that they have not answered yet.
        elsewhere: Those that announced themselves; None where the model's do not.
    """
    # Of a server or of machines elsewhere nothing here can be healed.
    is_away = card.upstream is not None or elsewhere is not None
    status: Status = "ok" if ready >= expected else "degraded" if ready or is_away else "unhealthy"
    return Component(
        name=card.name,
        kind="model",
        status=status,
        detail=None if status == "ok" else f"{ready} of {expected} workers are ready.",
        workers_expected=expected,
        workers_ready=ready,
        state=_least(states),
        devices=sorted({state.device for state in states}),
        workers=elsewhere or [],
        measurements={
            "memory_gib": _gib(sum(state.memory_bytes for state in states)),
            "items_in_flight": in_flight,
        },
    )


def gpu(reading: GpuReading) -> Component:
    """A GPU."""
    if reading.fault is not None:
        detail = f"it cannot be read: {reading.fault}."
        return Component(name=f"gpu-{reading.index}", kind="gpu", status="unhealthy", detail=detail)
    share = reading.memory_used_gib / reading.memory_total_gib if reading.memory_total_gib else 0.0
    faults = []
    if reading.temperature_c is not None and reading.temperature_c > HOT_C:
        faults.append(f"{reading.temperature_c:.0f} °C, above {HOT_C:.0f}")
    if share > FULL:
        faults.append(f"{share:.0%} of its memory in use, above {FULL:.0%}")
    told = {
        "memory_used_gib": round(reading.memory_used_gib, 3),
        "memory_total_gib": round(reading.memory_total_gib, 3),
        "temperature_c": reading.temperature_c,
        "utilisation": reading.utilization,
        "power_w": reading.power_w,
    }
    return Component(
        name=f"gpu-{reading.index}",
        kind="gpu",
        status="degraded" if faults else "ok",
        detail=f"{reading.name}: {', '.join(faults)}." if faults else None,
        measurements={name: value for name, value in told.items() if value is not None},
    )


def memory() -> Component:
    """The machine's memory, or the container's."""
    used, total = memory_in_use()
    full = used > FULL * total
    return Component(
        name="memory",
        kind="memory",
        status="degraded" if full else "ok",
        detail=f"{used / total:.0%} of memory is in use." if full else None,
        measurements={
            "memory_used_gib": _gib(used),
            "memory_total_gib": _gib(total),
        },
    )


def store(cards: list[Card], settings: Settings) -> Component:
    """The weights of the models that run here: a worker that starts again reads them again."""
    try:
        check_stored(cards, settings)
        fault = None
    except (WeightsError, OSError) as error:
        fault = f"a worker that starts again will fail: {error}"
    return Component(name="store", kind="store", status="degraded" if fault else "ok", detail=fault)


def queue(found: QueueStatistics | None, refusal: str = "") -> Component:
    """The queue of jobs; without it everything else goes on."""
    if found is None:
        return Component(name="queue", kind="queue", status="degraded", detail="the Valkey server does not answer.")
    told = {
        "waiting": sum(each.waiting for each in found.models),
        "running": sum(each.running for each in found.models),
        "oldest_age_s": max((each.oldest_ms for each in found.models), default=0) / 1_000,
        "dead": found.dead,
    }
    status: Status = "degraded" if refusal else "ok"
    detail = f"no job is accepted: {refusal}." if refusal else None
    return Component(name="queue", kind="queue", status=status, detail=detail, measurements=told)


def disk(folder: Path) -> Component:
    """The disk that the store is on."""
    found = shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.exists()))
    scarce = found.free < _LEAST_FREE_GIB * _GIB
    return Component(
        name="disk",
        kind="disk",
        status="degraded" if scarce else "ok",
        detail=f"less than {_LEAST_FREE_GIB:g} GiB is free under {folder}." if scarce else None,
        measurements={"disk_free_gib": _gib(found.free), "disk_total_gib": _gib(found.total)},
    )


def _least(states: list[WorkerState]) -> Loading | None:
    """What all workers are at least: loaded only when every one is."""
    order: tuple[Loading, ...] = ("unloaded", "idle", "loaded")
    return next((name for name in order if any(state.state == name for state in states)), None)


def _gib(size_bytes: float) -> float:
    return round(size_bytes / _GIB, 3)
