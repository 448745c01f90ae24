"""The whole platform as one BentoML service: the gateway, and a dependency for every served model."""

from __future__ import annotations

import importlib
from functools import partial
from typing import Any, Final

import bentoml

from ekiben.cards.card import Card, Task
from ekiben.devices.plan import Plan
from ekiben.gateway.host import GatewayMiddleware
from ekiben.worker.http_protocol import use_bounded_http
from ekiben.worker.websocket_protocol import use_bounded_sockets
from services.assembly import Assembly, assemble

_ENTRY_POINTS: Final = {
    Task.IMAGE_CLASSIFICATION: "services.image_classification.service",
    Task.MODERATION: "services.moderation.service",
    Task.TEXT_EMBEDDING: "services.text_embedding.service",
    Task.TEXT_GENERATION: "services.text_generation.service",
    Task.TEXT_TO_IMAGE: "services.text_to_image.service",
}


class _Fronted(bentoml.Service[Any]):  # type: ignore[misc]
    """A service with the gateway before all of BentoML's own layers.

    As BentoML's middleware it would stand inside the one that keeps a timer, and 4 KiB with it, for every request until
    the timeout, however soon the answer comes; and one whose caller left, task and all, until then.
    """

    def __init__(self, here: Assembly, **options: Any) -> None:
        super().__init__(**options)
        self._here = here

    def to_asgi(self, is_main: bool = True) -> Any:
        return GatewayMiddleware(super().to_asgi(is_main), cards=self._here.cards, settings=self._here.settings)


def build(here: Assembly) -> Any:
    """The BentoML service; a model whose workers are elsewhere is no dependency."""
    plan = here.plan()
    # BentoML finds dependencies by class attribute: it starts and supervises these processes, and nothing more.
    dependencies = {
        card.name.replace("-", "_").replace(".", "_"): bentoml.depends(_service_of(here, card, plan))
        for card in here.local
    }
    return bentoml.service(
        type("Gateway", (), {"__doc__": "The one public door.", "__module__": __name__, **dependencies}),
        name="gateway",
        metrics={"enabled": False},
        logging={"access": {"enabled": False}},
        runner_probe={"enabled": False},
        service_class=partial(_Fronted, here),
    )


def _service_of(here: Assembly, card: Card, plan: Plan) -> Any:
    module = importlib.import_module(_ENTRY_POINTS[card.task])
    return module.build(card, plan.of(card.name), here.settings)


use_bounded_http()
use_bounded_sockets()
Gateway = build(assemble())
