"""From cards and machine to a plan: nothing is overcommitted, and models that share a CPU do not fight over it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ekiben.cards.card import Card
from ekiben.devices.machine import Gpu, Machine
from ekiben.devices.plan import PLATFORM_MEMORY_GIB, Placement, Plan
from ekiben.errors import ConfigurationError


def make_plan(cards: Sequence[Card], machine: Machine) -> Plan:
    """Give every worker of every model a device and CPU threads.

    GPUs: the largest need goes first, to the GPU with the most memory left, so that load spreads. A card that asks
    for a GPU and can do without (its session names `cpu`) runs on the CPU of a machine that has none.
    CPU: each worker gets the threads its card asks for; when all together ask for more than there are, each gets its
    proportion, one at least.

    Raises:
        ConfigurationError: Memory, or a GPU's, does not suffice, or a GPU is asked for that is not there; the message
            has the numbers.
    """
    gpus = _place_on_gpus(cards, machine)
    share = _cpu_share(cards, machine)
    plan = Plan(machine, tuple(_placement(card, machine, gpus.get(card.name), share) for card in cards))
    if plan.memory_gib > machine.memory_gib:
        shares = ", ".join(f"{place.model} {place.workers} × {place.memory_gib:g}" for place in plan.placements)
        raise ConfigurationError(
            f"the models need {plan.memory_gib:.1f} GiB and this machine has {machine.memory_gib:.1f} GiB "
            f"(platform {PLATFORM_MEMORY_GIB:g}, {shares}). Serve fewer with --only, or lower resources.workers."
        )
    return plan


def _placement(card: Card, machine: Machine, gpus: list[Gpu] | None, share: float) -> Placement:
    wanted = min(machine.threads, card.resources.cpu)
    return Placement(
        model=card.name,
        gpus=tuple(gpus or [None] * card.resources.workers),
        threads=max(1, math.ceil(wanted) if share == 1 else math.floor(wanted * share)),
        memory_gib=card.resources.memory_gib,
        gpu_memory_gib=card.resources.gpu_memory_gib if gpus else 0.0,
    )


def _cpu_share(cards: Sequence[Card], machine: Machine) -> float:
    """The part of what they ask for that all workers can have at once; 1 when there is enough."""
    asked = sum(card.resources.workers * min(machine.threads, card.resources.cpu) for card in cards)
    return min(1.0, machine.threads / asked) if asked else 1.0


def _place_on_gpus(cards: Sequence[Card], machine: Machine) -> dict[str, list[Gpu]]:
    """Each card's GPUs, one a worker; cards that stay on the CPU are left out."""
    free_gib = {gpu: gpu.memory_gib for gpu in machine.gpus}
    placed: dict[str, list[Gpu]] = {}
    wanting = [card for card in cards if card.resources.gpu and (machine.gpus or not _can_use_cpu(card))]
    for card in sorted(wanting, key=lambda card: -card.resources.gpu_memory_gib):
        for number in range(1, card.resources.workers + 1):
            gpu = _roomiest(card, number, free_gib)
            free_gib[gpu] -= card.resources.gpu_memory_gib
            placed.setdefault(card.name, []).append(gpu)
    return placed


def _roomiest(card: Card, number: int, free_gib: dict[Gpu, float]) -> Gpu:
    """The GPU of the card's type with the most room; of several the first.

    Raises:
        ConfigurationError: None has enough.
    """
    wanted, kind = card.resources.gpu_memory_gib, card.resources.gpu_type
    if not free_gib:
        raise ConfigurationError(
            f"{card.name} needs a GPU and this machine has none. Serve other models with --only, or name its workers "
            "elsewhere (EKIBEN_WORKER_URLS, EKIBEN_WORKERS_ELSEWHERE)."
        )
    fitting = [gpu for gpu in free_gib if kind is None or kind.lower() in gpu.name.lower()]
    best = max(fitting, key=lambda gpu: free_gib[gpu], default=None)
    if best is None or free_gib[best] < wanted:
        rooms = ", ".join(f"{gpu.device} ({gpu.name}) {free_gib[gpu]:.1f} of {gpu.memory_gib:.1f}" for gpu in free_gib)
        typed = f" on a GPU of type {kind!r}" if kind else ""
        raise ConfigurationError(
            f"worker {number} of {card.resources.workers} of {card.name} needs {wanted:g} GiB{typed}; "
            f"free GiB: {rooms}. Serve fewer with --only, or lower resources.workers or gpu_memory_gib."
        )
    return best


def _can_use_cpu(card: Card) -> bool:
    return "cpu" in card.session.providers
