"""A diffusion model behind the seam: a family, its engine, and the device's thread that both live on."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Final

import numpy as np

from ekiben.batching.device import DeviceThread
from ekiben.cards.card import Card
from ekiben.diffusion.checkpoint import Checkpoint
from ekiben.diffusion.engine import Engine
from ekiben.diffusion.family import Family
from ekiben.diffusion.generation import GeneratedImage, Generation, Wishes
from ekiben.diffusion.identity import ModelIdentity
from ekiben.diffusion.lane import DiffusionLane
from ekiben.diffusion.limits import EngineLimits
from ekiben.diffusion.observer import Observer
from ekiben.diffusion.painter_terms import drawn, request_of, spelled, told
from ekiben.diffusion.preview import DecodedPreview, LatentPreview, MakePreview, every_for
from ekiben.diffusion.request import SourceImage
from ekiben.errors import EkibenError
from ekiben.inference.image_generation import Checkpoints, Drawing, Drawn, ImageSettings, Listener, Source
from ekiben.inference.image_limits import ImageWishes, images_of, settled
from ekiben.inference.prompt_match import KnownWords

ReadSource = Callable[[bytes, bytes | None, tuple[int, int]], Source]
"""Decodes an image and its mask and scales them to width and height; raises `InvalidRequest`."""

# A step beyond this is stuck: nothing this worker promises can still be kept.
_STUCK_AFTER_S: Final = 120.0
# Whoever is still there had the drain's time before.
_FINISH_WITHIN_S: Final = 5.0
_WARM_UP_STEPS: Final = 2


class DiffusionPainter:
    """See `ImageGenerator`.

    Args:
        family: The loaded model.
        card: Its card.
        limits: Of a forward and of the queue.
        read_source: The decoder of source images.
        observer: Told of everything a dashboard shows.
        known: The words that the model knows, where it says which.
    """

    def __init__(
        self,
        family: Family,
        card: Card,
        limits: EngineLimits,
        read_source: ReadSource,
        observer: Observer | None = None,
        known: KnownWords | None = None,
    ) -> None:
        self.device = str(family.device)
        self._card, self._family, self._known = card, family, known
        self._read_source = read_source
        self._thread = DeviceThread(name=f"device-{card.name}")
        engine = Engine(
            family,
            ModelIdentity(name=card.name, version=card.version),
            limits,
            preview=_preview(family, card),
            observer=observer,
            clock=self._thread.clock,
        )
        self._lane = DiffusionLane(engine, self._thread)
        self._is_closed = False

    @property
    def ready(self) -> bool:
        """See `ImageGenerator`: open, and its device not stuck."""
        return not self._is_closed and self._thread.busy_for_s < _STUCK_AFTER_S

    def warm_up(self) -> None:
        """See `ImageGenerator`: draws a picture of the default size in the fewest steps."""
        steps = min(_WARM_UP_STEPS, images_of(self._card).max_steps)
        settings = settled(ImageWishes("warm up", num_inference_steps=steps, seed=0), self._card)
        self.submit(settings, 0, source=self._whole(settings)).future.result()

    def read_source(self, image: bytes, mask: bytes | None, size: tuple[int, int]) -> Source:
        """See `ImageGenerator`."""
        return self._read_source(image, mask, size)

    def submit(
        self,
        settings: ImageSettings,
        index: int,
        *,
        source: Source | None = None,
        deadline: float | None = None,
        priority: int = 0,
        listener: Listener | None = None,
        checkpoints: Checkpoints | None = None,
    ) -> Drawing:
        """See `ImageGenerator`."""
        try:
            request = request_of(settings, index)
            steps = request.steps - (0 if source is None else self._family.first_step(request))
            wishes = Wishes(
                deadline=self._on_device_clock(deadline),
                priority=priority,
                listener=told(listener, checkpoints),
                preview_every=every_for(settings.partial_images, steps),
                checkpoint_every=checkpoints.every_steps if checkpoints else 0,
                checkpoint_every_s=checkpoints.every_s if checkpoints else 0.0,
            )
            resumed = Checkpoint.from_bytes(checkpoints.resume) if checkpoints and checkpoints.resume else None
            # A checkpoint holds what is left of the source image.
            start_from = None if source is None or resumed else SourceImage(source.pixels, source.mask)
            generation = self._lane.submit(request, source=start_from, checkpoint=resumed, wishes=wishes)
        except EkibenError as error:
            raise spelled(error) from None
        return _PainterDrawing(generation, self._card, self._known)

    async def close(self) -> None:
        """See `ImageGenerator`."""
        self._is_closed = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FINISH_WITHIN_S):
                await self._lane.drain()
        await asyncio.to_thread(self._thread.close, _FINISH_WITHIN_S)

    def _on_device_clock(self, deadline: float | None) -> float:
        return float("inf") if deadline is None else self._thread.clock() + deadline - time.monotonic()

    def _whole(self, settings: ImageSettings) -> Source | None:
        """A grey picture to paint over, for a model that only inpaints."""
        if not self._family.takes_mask_as_input():
            return None
        size = (settings.height, settings.width)
        return Source(np.full((*size, 3), 127, dtype=np.uint8), np.full(size, 255, dtype=np.uint8))


class _PainterDrawing:
    """See `Drawing`: a generation of the engine in the seam's terms."""

    def __init__(self, generation: Generation, card: Card, known: KnownWords | None) -> None:
        self.future: Future[Drawn] = Future()
        self._generation, self._card, self._known = generation, card, known
        generation.future.add_done_callback(self._end)

    def cancel(self) -> bool:
        """See `Drawing`."""
        return self._generation.cancel()

    def suspend(self) -> None:
        """See `Drawing`."""
        self._generation.suspend()

    def _end(self, ended: Future[GeneratedImage]) -> None:
        if ended.cancelled():
            self.future.cancel()
        elif (error := ended.exception()) is not None:
            self.future.set_exception(spelled(error) if isinstance(error, EkibenError) else error)
        else:
            self.future.set_result(drawn(ended.result(), self._card, self._known))


def limits_of(card: Card, max_cost: int | None = None) -> EngineLimits:
    """The card's batch section in the engine's terms; `max_cost` where less is known to be better."""
    batch = card.batch
    limits = EngineLimits(max_cost=batch.max_cost, max_open=batch.max_items + batch.max_queue_items)
    return limits if max_cost is None else replace(limits, max_cost=min(max_cost, batch.max_cost))


def _preview(family: Family, card: Card) -> MakePreview | None:
    kind = images_of(card).preview
    if kind == "latent":
        return LatentPreview.fitted(family.latents)
    return DecodedPreview(family.latents) if kind == "decoded" else None
