"""The whole platform as one BentoML service: the gateway, and a dependency for every served model."""

from __future__ import annotations

import importlib
from typing import Any, Final

import bentoml

from ekiben.cards.card import Task
from ekiben.gateway.host import GatewayMiddleware
from ekiben.worker.http_protocol import use_bounded_http
from services.assembly import TIMEOUT_S, Assembly, assemble

_ENTRY_POINTS: Final = {
    Task.IMAGE_CLASSIFICATION: "services.image_classification.service",
    Task.TEXT_EMBEDDING: "services.text_embedding.service",
}


def build(here: Assembly) -> Any:
    """The BentoML service; a model that lives elsewhere (`EKIBEN_WORKER_URLS`) is no dependency."""
    # BentoML finds dependencies by class attribute: it starts and supervises these processes, and nothing more.
    dependencies = {
        card.name.replace("-", "_").replace(".", "_"): bentoml.depends(_service_of(here, card))
        for card in here.cards
        if card.name not in here.settings.worker_urls
    }
    service = bentoml.service(
        type("Gateway", (), {"__doc__": "The one public door.", "__module__": __name__, **dependencies}),
        name="gateway",
        traffic={"timeout": TIMEOUT_S},
        metrics={"enabled": False},
        logging={"access": {"enabled": False}},
        runner_probe={"enabled": False},
    )
    service.add_asgi_middleware(GatewayMiddleware, cards=here.cards, settings=here.settings)
    return service


def _service_of(here: Assembly, card: Any) -> Any:
    module = importlib.import_module(_ENTRY_POINTS[card.task])
    return module.build(card, here.plan.threads_for(card.name), here.settings)


use_bounded_http()
Gateway = build(assemble())
