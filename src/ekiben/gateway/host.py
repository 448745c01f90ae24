"""The life of a gateway process: find workers, open the private door, serve, close."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ekiben.cards.card import Card, Task
from ekiben.devices.nvml import GpuReader, Nvml
from ekiben.gateway.admission import Admission
from ekiben.gateway.app import build_app
from ekiben.gateway.authentication import Authentication
from ekiben.gateway.control import CONTROL_NAME, build_control
from ekiben.gateway.elsewhere import Elsewhere
from ekiben.gateway.fleet import Fleet
from ekiben.gateway.jobs.desk import open_desk
from ekiben.gateway.metrics import GatewayMetrics
from ekiben.gateway.moderator import build_moderator
from ekiben.gateway.replicas import DesiredReplicas
from ekiben.gateway.state import GatewayState
from ekiben.gateway.sweep import Sweep
from ekiben.gateway.webhooks.delivering import Deliverer
from ekiben.gateway.webhooks.opening import open_deliverer
from ekiben.jobs import Sweeper
from ekiben.jobs import open_store as open_queue
from ekiben.objects.expiring import ExpiringFiles
from ekiben.objects.location import open_store
from ekiben.objects.secret import kept_secret
from ekiben.objects.signature import Signer
from ekiben.policy.elsewhere import check_elsewhere
from ekiben.policy.exposure import check_exposure
from ekiben.policy.scaling_rule import scaling_rule
from ekiben.runtimes.classes import read_labels
from ekiben.settings import Settings
from ekiben.worker.host import socket_path
from ekiben.worker.listener import Listener

_LINK_FILE: Final = "link-secret"
_OBJECTS_FOLDER: Final = "objects"


def build_state(cards: Iterable[Card], settings: Settings, gpus: GpuReader | None = None) -> GatewayState:
    """Make what the routes share; call it inside the running event loop.

    Raises:
        OperatorError: The keys file, the moderation policy or the place of objects is wrong, workers elsewhere cannot
            be found so, or the address is open to others without keys.
    """
    served = {card.name: card for card in cards}
    check_exposure(settings.host, settings.keys_file)
    check_elsewhere(served, settings)
    urls = {name: [str(url) for url in found] for name, found in settings.worker_urls.items()}
    token = settings.worker_token.get_secret_value() if settings.worker_token else None
    elsewhere = _elsewhere(settings)
    fleet = Fleet(served.values(), settings.run_dir, urls, token, elsewhere)
    metrics = GatewayMetrics(CollectorRegistry())
    return GatewayState(
        settings=settings,
        cards=served,
        labels={card.name: read_labels(card) for card in served.values() if card.task is Task.IMAGE_CLASSIFICATION},
        fleet=fleet,
        admission=Admission(settings.max_in_flight),
        metrics=metrics,
        authentication=Authentication(settings.keys_file),
        gpus=gpus or Nvml(),
        moderator=build_moderator(settings.moderation_policy, served, fleet, metrics),
        files=_files(served.values(), settings),
        jobs=open_desk(settings, Signer(_link_secret(settings))) if settings.valkey_url else None,
        elsewhere=elsewhere,
    )


def desired_replicas(state: GatewayState) -> DesiredReplicas:
    """What decides how many replicas there should be.

    Raises:
        ConfigurationError: The bounds of it are wrong.
    """
    policy = scaling_rule(state.settings)
    return DesiredReplicas(state.cards, state.fleet, state.jobs, policy, state.metrics.desired)


def _elsewhere(settings: Settings) -> Elsewhere | None:
    named = settings.workers_elsewhere
    return Elsewhere(open_queue(settings), named) if named else None


def _files(cards: Iterable[Card], settings: Settings) -> ExpiringFiles | None:
    if not any(card.task is Task.TEXT_TO_IMAGE for card in cards):
        return None
    store = open_store(settings.objects, settings.state_dir / _OBJECTS_FOLDER)
    return ExpiringFiles(store, Signer(_link_secret(settings)), settings.file_ttl_s)


def _link_secret(settings: Settings) -> bytes:
    given = settings.link_secret
    return given.get_secret_value().encode() if given else kept_secret(settings.state_dir / _LINK_FILE)


class GatewayMiddleware:
    """Puts the gateway in front of a BentoML service: every HTTP request is ours, the lifespan is shared.

    Around its whole app: BentoML's own /livez, /readyz and /metrics come before mounts, its timer before middleware.

    Args:
        app: BentoML's app; it sees the lifespan alone.
        cards: The served models.
        settings: This process's settings.
    """

    def __init__(self, app: ASGIApp, cards: tuple[Card, ...], settings: Settings) -> None:
        self._inner, self._cards, self._settings = app, cards, settings
        self._outer: ASGIApp | None = None
        self._state: GatewayState | None = None
        self._control: Listener | None = None
        self._sweep: Sweep | None = None
        self._deliverer: Deliverer | None = None
        self._replicas: DesiredReplicas | None = None
        self._caring: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the lifespan to BentoML, everything else to the gateway."""
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, self._around(send))
        elif self._outer is not None:
            await self._outer(scope, receive, send)

    def _around(self, send: Send) -> Send:
        async def around(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                await self._start()
            elif message["type"].startswith("lifespan.shutdown"):
                await self._stop()
            await send(message)

        return around

    async def _start(self) -> None:
        self._state = build_state(self._cards, self._settings)
        if self._state.elsewhere is not None:
            await self._state.elsewhere.start()
        await self._state.fleet.start()
        if self._state.jobs is not None:
            await self._state.jobs.start()
            if self._state.jobs.webhooks.secrets:
                # The gateway beside a worker elsewhere has none: it would use up the attempts of one that has.
                self._deliverer = open_deliverer(self._state.jobs)
                self._deliverer.start()
            # The supervisor does it too; behind a bare `bentoml serve` there is none.
            sweeper = Sweeper(self._state.jobs.store, self._state.jobs.blobs)
            self._caring = asyncio.create_task(sweeper.run(), name="sweeper of jobs")
        self._replicas = desired_replicas(self._state)
        self._replicas.start()
        if self._state.files is not None:
            self._sweep = Sweep(self._state.files)
            self._sweep.start()
        self._outer = build_app(self._state)
        path = socket_path(self._settings.run_dir, CONTROL_NAME, os.getpid())
        self._control = Listener(build_control(self._state, self._replicas.needs), path)
        await self._control.start()

    async def _stop(self) -> None:
        if self._control is not None:
            await self._control.close()
        if self._sweep is not None:
            await self._sweep.close()
        if self._deliverer is not None:
            await self._deliverer.close()
        if self._replicas is not None:
            await self._replicas.close()
        if self._caring is not None:
            self._caring.cancel()
            await asyncio.gather(self._caring, return_exceptions=True)
        if self._state is not None:
            await self._state.fleet.close()
            if self._state.elsewhere is not None:
                await self._state.elsewhere.close()
            if self._state.jobs is not None:
                await self._state.jobs.close()
