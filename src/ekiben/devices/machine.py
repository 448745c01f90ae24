"""What this process may use: CPU threads, memory, GPUs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from ekiben.devices.nvml import GpuReader, Nvml
from ekiben.errors import ConfigurationError
from ekiben.settings import Settings, visible_devices

_GIB: Final = 2**30
_CGROUP_LIMITS: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
_CGROUP_USE: Final = (
    (Path("/sys/fs/cgroup/memory.current"), Path("/sys/fs/cgroup/memory.stat"), "inactive_file"),
    (
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.stat"),
        "total_inactive_file",
    ),
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


def memory_in_use() -> tuple[int, int]:
    """Bytes in use and bytes there are: of the container where it has less than the machine."""
    machine = psutil.virtual_memory()
    limit = min([machine.total, *_cgroup_limits()])
    if limit == machine.total:
        return machine.total - machine.available, machine.total
    return _cgroup_use(), limit


def _stated_gpus(stated: str) -> Iterable[Gpu]:
    if stated == "none":
        return
    sizes = [float(memory_gib) for memory_gib in stated.split(",")]
    allowed = visible_devices()
    names = [str(index) for index in range(len(sizes))] if allowed is None else allowed
    if len(sizes) > len(names):
        raise ConfigurationError(
            f"EKIBEN_GPUS states {len(sizes)} GPUs and CUDA_VISIBLE_DEVICES shows {len(names)}: {','.join(names)}"
        )
    for index, memory_gib in enumerate(sizes):
        yield Gpu(index, names[index], "stated by EKIBEN_GPUS", memory_gib)


def _found_gpus(reader: GpuReader) -> Iterable[Gpu]:
    """Those that `CUDA_VISIBLE_DEVICES` leaves, in its order; all when it is not set."""
    readings = [reading for reading in reader.read() if reading.fault is None]
    found = {name: reading for reading in readings for name in (str(reading.index), reading.uuid)}
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


def _cgroup_use() -> int:
    """What the container's processes hold; files that were read are dropped first when memory runs short."""
    for path, statistics, unused in _CGROUP_USE:
        try:
            words = statistics.read_text().split()
            return int(path.read_text()) - int(words[words.index(unused) + 1])
        except (OSError, ValueError):
            continue
    return 0


def _cgroup_limits() -> Iterable[int]:
    for path in _CGROUP_LIMITS:
        try:
            text = path.read_text().strip()
        except OSError:
            continue
        if text.isdecimal():
            yield int(text)
