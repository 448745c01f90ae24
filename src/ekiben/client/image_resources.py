"""`client.images`, of both clients."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Unpack

from ekiben.client import drawing, images
from ekiben.client.methods import awaiting, blocking
from ekiben.client.stream import AsyncStream, Stream

if TYPE_CHECKING:
    from ekiben.client.drawing import ImageOptions, ImageUpdate
    from ekiben.client.methods import Awaiting, Blocking
    from ekiben.client.pace import Pace
    from ekiben.client.pictures import Picture


class ImagesResource:
    """Pictures: what they show, and new ones."""

    def __init__(self, client: Blocking, pace: Pace) -> None:
        self.carry_out, self._pace = client.carry_out, pace

    classify = blocking(images.classify)
    generate = blocking(drawing.generate)
    edit = blocking(drawing.edit)

    def stream(
        self,
        prompt: str,
        image: Picture | None = None,
        mask: Picture | None = None,
        partial_images: int = 2,
        **options: Unpack[ImageOptions],
    ) -> Stream[ImageUpdate]:
        """Draw a picture and show it while it is drawn; the last of what comes is the finished one.

        Args:
            prompt: What it shows.
            image: What to start from, as `edit` takes it; None: from noise.
            mask: Where to paint anew.
            partial_images: The most previews, up to 3; there are fewer where drawing is faster than the connection.
            **options: See `ImageOptions`; and `timeout`, `priority` and `request_id`.
        """
        opened = self.carry_out(drawing.stream(prompt, image, mask, partial_images, **options))
        return Stream(opened, self._pace, drawing.update_of, drawing.is_finished)


class AsyncImagesResource:
    """As `ImagesResource`, without blocking the event loop."""

    def __init__(self, client: Awaiting, pace: Pace) -> None:
        self.carry_out, self._pace = client.carry_out, pace

    classify = awaiting(images.classify, in_thread=True)
    generate = awaiting(drawing.generate)
    edit = awaiting(drawing.edit, in_thread=True)

    async def stream(
        self,
        prompt: str,
        image: Picture | None = None,
        mask: Picture | None = None,
        partial_images: int = 2,
        **options: Unpack[ImageOptions],
    ) -> AsyncStream[ImageUpdate]:
        """Draw a picture and show it while it is drawn; the last of what comes is the finished one.

        Args:
            prompt: What it shows.
            image: What to start from, as `edit` takes it; None: from noise.
            mask: Where to paint anew.
            partial_images: The most previews, up to 3; there are fewer where drawing is faster than the connection.
            **options: See `ImageOptions`; and `timeout`, `priority` and `request_id`.
        """
        call = await asyncio.to_thread(drawing.stream, prompt, image, mask, partial_images, **options)
        opened = await self.carry_out(call)
        return AsyncStream(opened, self._pace, drawing.update_of, drawing.is_finished)
