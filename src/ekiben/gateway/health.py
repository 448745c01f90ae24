"""`/health`: the state of every component, and the worst of them."""

from __future__ import annotations

import asyncio

from ekiben.gateway import components
from ekiben.gateway.jobs.queue_metrics import numbers_of
from ekiben.gateway.loading import worker_states
from ekiben.gateway.state import GatewayState
from ekiben.schemas.health import AnnouncedWorker, Component, HealthReport, Status
from ekiben.version import __version__


async def report(gateway: GatewayState) -> HealthReport:
    """Look at every component now."""
    models, queue, machine = await asyncio.gather(
        _models(gateway), _queue(gateway), asyncio.to_thread(_machine, gateway)
    )
    found = [*models, *queue, *machine]
    return HealthReport(
        status=worst(found),
        version=__version__,
        draining=gateway.admission.draining,
        components=found,
    )


def worst(found: list[Component]) -> Status:
    """The status of the whole."""
    statuses = {component.status for component in found}
    return "unhealthy" if "unhealthy" in statuses else "degraded" if "degraded" in statuses else "ok"


async def _models(gateway: GatewayState) -> list[Component]:
    cards = list(gateway.cards.values())
    states = await asyncio.gather(*(worker_states(gateway, card.name) for card in cards))
    fleet = gateway.fleet
    return [
        components.model(
            card,
            *fleet.counts(card.name),
            of_card,
            fleet.in_flight(card.name),
            elsewhere=_elsewhere(gateway, card.name),
        )
        for card, of_card in zip(cards, states, strict=True)
    ]


def _elsewhere(gateway: GatewayState, model: str) -> list[AnnouncedWorker] | None:
    if model not in gateway.settings.workers_elsewhere:
        return None
    return [
        AnnouncedWorker(
            instance=told.instance, version=told.version, ready=worker.ready, items_in_flight=worker.outstanding_items
        )
        for worker, told in gateway.fleet.announced(model)
    ]


async def _queue(gateway: GatewayState) -> list[Component]:
    if gateway.jobs is None:
        return []
    found = await numbers_of(gateway.jobs)
    refusal = "" if found is None else (await gateway.jobs.store.durability()).refusal
    return [components.queue(found, refusal)]


def _machine(gateway: GatewayState) -> list[Component]:
    """Files and the GPU's driver are asked: in a thread."""
    settings = gateway.settings
    local = [card for name, card in gateway.cards.items() if not settings.is_elsewhere(name)]
    return [
        *map(components.gpu, gateway.gpus.read()),
        components.memory(),
        components.store(local, settings),
        components.disk(settings.bentoml_home.expanduser()),
    ]
