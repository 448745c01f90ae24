"""Text to image as a BentoML service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import bentoml
from bentoml.validators import ContentType
from PIL import Image
from prometheus_client import CollectorRegistry
from pydantic import Field

from ekiben.cards.card import Card, Task
from ekiben.devices.plan import Placement
from ekiben.inference.image_generation import FinishedImage, ImageEvent, ImageGenerationRequest, ImageGenerator
from ekiben.inference.image_limits import ImageWishes, settled
from ekiben.inference.image_lines import lines
from ekiben.settings import Settings
from ekiben.worker.host import ModelHost
from ekiben.worker.image_servable import ImageServable, loads
from services.assembly import Hosted, assemble, in_bentomls_terms, options, weights_of
from services.text_to_image.picture import finished

Upload = Annotated[Path, ContentType("image/*")]
Size = Annotated[str, Field(pattern=r"^\d{1,5}x\d{1,5}$")] | None


def build(card: Card, place: Placement, settings: Settings) -> Any:
    """The BentoML service of one card."""
    weights = bentoml.models.BentoModel(card.tag)
    generator = _painter(card, weights_of(weights), place, settings.cache_dir)

    @bentoml.service(**options(card))
    class TextToImage(Hosted):
        """A prompt in, a picture out. What is not said is as the model's card has it."""

        host: ModelHost[ImageServable]
        model = weights

        def __init__(self) -> None:
            self.host = ModelHost(card, loads(card, generator, settings), place, settings)

        @bentoml.api
        async def generate(
            self,
            prompt: str,
            size: Size = None,
            negative_prompt: str | None = None,
            num_inference_steps: int | None = None,
            guidance_scale: float | None = None,
            seed: int | None = None,
            scheduler: str | None = None,
        ) -> Image.Image:
            """Draw a picture; `size` is such as 512x512."""
            return await self._picture(
                ImageWishes(
                    prompt=prompt,
                    size=_pixels(size),
                    negative_prompt=negative_prompt,
                    num_inference_steps=num_inference_steps,
                    guidance_scale=guidance_scale,
                    seed=seed,
                    scheduler=scheduler,
                )
            )

        @bentoml.api
        async def edit(
            self,
            prompt: str,
            image: Upload,
            strength: float | None = None,
            num_inference_steps: int | None = None,
            seed: int | None = None,
        ) -> Image.Image:
            """Draw a picture from another; where that is transparent, if it is anywhere, is painted anew."""
            wishes = ImageWishes(prompt, strength=strength, num_inference_steps=num_inference_steps, seed=seed)
            return await self._picture(wishes, await asyncio.to_thread(image.read_bytes))

        @bentoml.api
        async def inpaint(
            self,
            prompt: str,
            image: Upload,
            mask: Upload,
            strength: float | None = None,
            num_inference_steps: int | None = None,
            seed: int | None = None,
        ) -> Image.Image:
            """Paint a picture anew where the mask is transparent or, if it has no transparency, white."""
            wishes = ImageWishes(prompt, strength=strength, num_inference_steps=num_inference_steps, seed=seed)
            files = await asyncio.to_thread(lambda: (image.read_bytes(), mask.read_bytes()))
            return await self._picture(wishes, *files)

        @bentoml.api
        async def stream(
            self,
            prompt: str,
            size: Size = None,
            partial_images: int = 2,
            num_inference_steps: int | None = None,
            guidance_scale: float | None = None,
            seed: int | None = None,
        ) -> AsyncIterator[str]:
            """Draw a picture and tell of it, in lines of JSON: steps, previews, the picture; files in base64."""
            wishes = ImageWishes(
                prompt=prompt,
                size=_pixels(size),
                partial_images=partial_images,
                num_inference_steps=num_inference_steps,
                guidance_scale=guidance_scale,
                seed=seed,
                progress=True,
            )
            with in_bentomls_terms():
                async for line in lines(self._events(wishes)):
                    yield line

        async def _picture(
            self, wishes: ImageWishes, image: bytes | None = None, mask: bytes | None = None
        ) -> Image.Image:
            with in_bentomls_terms():
                found = [event async for event in self._events(wishes, image, mask) if isinstance(event, FinishedImage)]
            return finished(found[0].image)

        async def _events(
            self, wishes: ImageWishes, image: bytes | None = None, mask: bytes | None = None
        ) -> AsyncIterator[ImageEvent]:
            wanted = settled(wishes, card, has_source=image is not None)
            async with self.host.loaded() as servable:
                async for event in servable.draw(ImageGenerationRequest(wanted, image, mask)):
                    yield event

    return TextToImage


def _painter(
    card: Card, files: Callable[[], Path], place: Placement, cache_dir: Path
) -> Callable[[CollectorRegistry], ImageGenerator]:
    def make(registry: CollectorRegistry) -> ImageGenerator:
        # Imported here: torch takes long and much memory, and only the worker's own process needs it.
        from ekiben.diffusion.painter_loading import load_painter
        from ekiben.runtimes.source_images import MAX_SOURCE_PIXELS, read_source

        return load_painter(
            card,
            files(),
            device="cuda" if any(place.gpus) else "cpu",
            threads=place.threads,
            read_source=partial(read_source, max_pixels=card.inputs.max_pixels or MAX_SOURCE_PIXELS),
            registry=registry,
            cache_dir=cache_dir,
        )

    return make


def _pixels(size: str | None) -> tuple[int, int] | None:
    if size is None:
        return None
    width, height = size.split("x")
    return int(width), int(height)


TextToImage = build(*assemble().alone(Task.TEXT_TO_IMAGE))
