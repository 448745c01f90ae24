"""What this process may use: CPU threads, memory, GPUs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from ekiben.devices.nvml import GpuReader, Nvml
from ekiben.settings import Settings, visible_devices

_GIB: Final = 2**30
_CGROUP_LIMITS: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU.

    Attributes:
        index: Its place in the plan: `cuda:0` is the first that this process may use.
        visible: What `CUDA_VISIBLE_DEVICES` calls it: its UUID, or its number.
        name: What its maker calls it.
    """

    index: int
    visible: str
    name: str
    memory_gib: float

    @property
    def device(self) -> str:
        """As the plan and the logs name it."""
        return f"cuda:{self.index}"


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is to divide."""

    threads: int
    memory_gib: float
    gpus: tuple[Gpu, ...] = ()


def measure_machine(settings: Settings, reader: GpuReader | None = None) -> Machine:
    """CPU affinity, the smaller of memory and cgroup limit, the GPUs CUDA may show; settings win."""
    limits = [psutil.virtual_memory().total, *_cgroup_limits()]
    return Machine(
        threads=settings.threads or _granted_threads(),
        memory_gib=settings.memory_gib or min(limits) / _GIB,
        gpus=tuple(_stated_gpus(settings.gpus) if settings.gpus else _found_gpus(reader or Nvml())),
    )


def _stated_gpus(stated: str) -> Iterable[Gpu]:
    if stated == "none":
        return
    for index, memory_gib in enumerate(stated.split(",")):
        yield Gpu(index, str(index), "stated by EKIBEN_GPUS", float(memory_gib))


def _found_gpus(reader: GpuReader) -> Iterable[Gpu]:
    """Those that `CUDA_VISIBLE_DEVICES` leaves, in its order; all when it is not set."""
    found = {name: reading for reading in reader.read() for name in (str(reading.index), reading.uuid)}
    allowed = visible_devices()
    wanted = sorted({str(reading.index) for reading in found.values()}, key=int) if allowed is None else allowed
    for name in wanted:
        reading = found.get(name)
        if reading is None:
            return  # As CUDA does: what follows a device that is not there is not seen either.
        yield Gpu(wanted.index(name), reading.uuid, reading.name, reading.memory_total_gib)


def _granted_threads() -> int:
    """CPUs this process may run on; macOS has no affinity to ask for."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cgroup_limits() -> Iterable[int]:
    for path in _CGROUP_LIMITS:
        try:
            text = path.read_text().strip()
        except OSError:
            continue
        if text.isdecimal():
            yield int(text)
