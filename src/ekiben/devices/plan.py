"""Which worker runs where, with how many CPU threads, and what all of it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ekiben.devices.machine import Gpu, Machine

# The gateway, BentoML's arbiter and the supervisor, as measured when idle.
PLATFORM_MEMORY_GIB: Final = 0.6


@dataclass(frozen=True, slots=True)
class Placement:
    """One model's share of the machine.

    Attributes:
        gpus: Each worker's GPU; None for a worker on the CPU.
        threads: CPU threads of each worker.
        memory_gib: Of each worker.
        gpu_memory_gib: Of each worker that has a GPU.
    """

    model: str
    gpus: tuple[Gpu | None, ...]
    threads: int
    memory_gib: float
    gpu_memory_gib: float = 0.0

    @property
    def workers(self) -> int:
        """How many processes."""
        return len(self.gpus)

    @property
    def devices(self) -> list[str]:
        """Each worker's device: `cpu` or `cuda:0`."""
        return [gpu.device if gpu else "cpu" for gpu in self.gpus]


@dataclass(frozen=True, slots=True)
class Plan:
    """Every model's share of a machine."""

    machine: Machine
    placements: tuple[Placement, ...]

    @property
    def memory_gib(self) -> float:
        """What all of it needs, the platform's own processes included."""
        return PLATFORM_MEMORY_GIB + sum(place.workers * place.memory_gib for place in self.placements)

    def gpu_memory_gib(self, gpu: Gpu) -> float:
        """What the workers on one GPU need."""
        return sum(place.gpus.count(gpu) * place.gpu_memory_gib for place in self.placements)

    def of(self, model: str) -> Placement:
        """The model's share."""
        return next(place for place in self.placements if place.model == model)
