"""`GET /v1/models` and `GET /v1/models/{model}`."""

from __future__ import annotations

import time

from fastapi import APIRouter, Request
from starlette.responses import Response

from ekiben.cards.card import Card
from ekiben.cards.images import Images
from ekiben.gateway.call import call_of
from ekiben.gateway.documents import ERROR_RESPONSES, model_response
from ekiben.gateway.flow import authenticate
from ekiben.gateway.state import GatewayState
from ekiben.schemas.models import ModelImages, ModelLicence, ModelLimits, ModelList, ModelObject


def router(gateway: GatewayState) -> APIRouter:
    """The routes over this gateway."""
    routes = APIRouter(tags=["Models"], responses=ERROR_RESPONSES)
    # OpenAI's `created`; a card has no date, so it is when this server began to serve it.
    started = int(time.time())

    @routes.get("/v1/models", summary="List models", response_model=ModelList)
    async def list_models(request: Request) -> Response:
        """Every model served here."""
        authenticate(gateway, request, call_of(request))
        return model_response(ModelList(data=[_describe(card, started) for card in gateway.cards.values()]))

    @routes.get("/v1/models/{model}", summary="Describe a model", response_model=ModelObject)
    async def retrieve_model(request: Request, model: str) -> Response:
        """One model: what it does, its version, licences and limits."""
        authenticate(gateway, request, call_of(request))
        return model_response(_describe(gateway.card(model), started))

    return routes


def _describe(card: Card, created: int) -> ModelObject:
    return ModelObject(
        id=card.name,
        created=created,
        owned_by="ekiben",
        task=card.task.value,
        version=card.version,
        description=card.description,
        licence=ModelLicence(code=card.licence.code, weights=card.licence.weights),
        limits=ModelLimits(
            max_items=None if card.images else card.inputs.max_items,
            max_tokens=card.generation.context_tokens if card.generation else card.inputs.max_tokens,
            max_characters=card.inputs.max_characters,
            max_pixels=card.inputs.max_pixels,
            max_timeout_ms=card.latency.max_timeout_ms,
        ),
        images=_images(card.images) if card.images else None,
    )


def _images(images: Images) -> ModelImages:
    stated = images.model_dump(include=set(ModelImages.model_fields) - {"adapters"})
    adapters = {name: adapter.max_weight for name, adapter in images.adapters.items()}
    return ModelImages(**stated, adapters=adapters, previews=images.preview != "off")
