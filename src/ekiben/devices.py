"""The start-up plan: which model runs where, with how many threads, and whether all of it fits this machine."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from ekiben.cards.card import Card
from ekiben.errors import ConfigurationError
from ekiben.settings import Settings

# The gateway, BentoML's arbiter and the supervisor, as measured when idle.
PLATFORM_MEMORY_GIB: Final = 0.6
_GIB: Final = 2**30
_CGROUP_LIMITS: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is to divide."""

    threads: int
    memory_gib: float


@dataclass(frozen=True, slots=True)
class Placement:
    """One model's share: of every worker, `threads` CPU threads and `memory_gib`; `device` is what its card prefers."""

    model: str
    device: str
    workers: int
    threads: int
    memory_gib: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Every model's share of a machine."""

    machine: Machine
    placements: tuple[Placement, ...]

    @property
    def memory_gib(self) -> float:
        """What all of it needs, the platform's own processes included."""
        return PLATFORM_MEMORY_GIB + sum(place.workers * place.memory_gib for place in self.placements)

    def threads_for(self, model: str) -> int:
        """CPU threads of one worker of the model."""
        return next(place.threads for place in self.placements if place.model == model)


def measure_machine(settings: Settings) -> Machine:
    """What this process may use: its CPU affinity and the smaller of memory and cgroup limit; settings win."""
    limits = [psutil.virtual_memory().total, *_cgroup_limits()]
    return Machine(
        threads=settings.threads or _granted_threads(),
        memory_gib=settings.memory_gib or min(limits) / _GIB,
    )


def make_plan(cards: Sequence[Card], machine: Machine) -> Plan:
    """Give each model the threads its card asks for, within what the machine has.

    Raises:
        ConfigurationError: The models together need more memory than there is; the message has the numbers.
    """
    plan = Plan(machine, tuple(_place(card, machine) for card in cards))
    if plan.memory_gib > machine.memory_gib:
        shares = ", ".join(f"{place.model} {place.workers} × {place.memory_gib:g}" for place in plan.placements)
        raise ConfigurationError(
            f"the models need {plan.memory_gib:.1f} GiB and this machine has {machine.memory_gib:.1f} GiB "
            f"(platform {PLATFORM_MEMORY_GIB:g}, {shares}). Serve fewer with --only, or lower resources.workers."
        )
    return plan


def _place(card: Card, machine: Machine) -> Placement:
    return Placement(
        model=card.name,
        device=" or ".join(card.session.providers),
        workers=card.resources.workers,
        threads=max(1, min(machine.threads, math.ceil(card.resources.cpu))),
        memory_gib=card.resources.memory_gib,
    )


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
