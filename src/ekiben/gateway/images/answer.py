"""All pictures at once, as JSON."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Sequence

import orjson
from starlette.requests import Request
from starlette.responses import Response

from ekiben.gateway.call import Call
from ekiben.gateway.images.asking import ImagesAsk
from ekiben.gateway.images.drawing import drawing
from ekiben.gateway.images.facts import facts_of, size_of, usage_of
from ekiben.gateway.images.links import link_to
from ekiben.gateway.state import GatewayState
from ekiben.inference.image_generation import FinishedImage, ImageSettings


async def all_at_once(gateway: GatewayState, call: Call, ask: ImagesAsk, request: Request) -> Response:
    """Wait for every picture.

    Raises:
        EkibenError: As `drawing`, and the object store's.
    """
    async with drawing(gateway, call, ask) as events:
        found = [event async for event in events if isinstance(event, FinishedImage)]
    images = sorted(found, key=lambda image: image.index)
    kind = ask.settings.output_format
    links = [await link_to(gateway, request, image.image, kind) for image in images] if ask.as_links else None
    return await images_response(ask.settings, images, links, int(time.time()))


async def images_response(
    settings: ImageSettings, images: Sequence[FinishedImage], links: Sequence[str] | None, created: int
) -> Response:
    """The pictures of a request as JSON.

    Args:
        settings: The request's.
        images: In the order of their seeds.
        links: Instead of the files.
        created: In Unix seconds.
    """
    # Megabytes of base64 would hold up the event loop.
    body = await asyncio.to_thread(_written, settings, images, links, created)
    return Response(body, media_type="application/json")


def _written(
    settings: ImageSettings, images: Sequence[FinishedImage], links: Sequence[str] | None, created: int
) -> bytes:
    files = (
        [{"b64_json": base64.b64encode(image.image).decode()} for image in images]
        if links is None
        else [{"url": link} for link in links]
    )
    return orjson.dumps(
        {
            "created": created,
            "background": "opaque",
            "output_format": settings.output_format,
            "size": size_of(settings),
            "data": [{**file, **facts_of(image.facts)} for file, image in zip(files, images, strict=True)],
            "usage": usage_of(),
        }
    )
