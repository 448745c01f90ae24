"""A checked request for pictures: which model, what to draw, and how to answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ekiben.cards.card import Card, Task
from ekiben.errors import InvalidRequest
from ekiben.gateway.state import GatewayState
from ekiben.inference.image_generation import AdapterWeight, ImageGenerationRequest, ImageSettings
from ekiben.inference.image_limits import ImageWishes, settled
from ekiben.schemas.images import ImageEditForm, ImageOptions


@dataclass(frozen=True, slots=True)
class SourceFiles:
    """A source image and, maybe, the mask that says where it is painted anew; as they came."""

    image: bytes
    mask: bytes | None = None


@dataclass(frozen=True, slots=True)
class ImagesAsk:
    """See the module.

    Attributes:
        card: The model's.
        wanted: What its worker is sent.
        stream: Whether to answer with events as they come.
        as_links: Whether to answer with links rather than with the files themselves.
        said: The request as it came, JSON and files, by which it is known again.
    """

    card: Card
    wanted: ImageGenerationRequest
    stream: bool = False
    as_links: bool = False
    said: tuple[object, ...] = ()

    @property
    def settings(self) -> ImageSettings:
        """What to draw, with nothing left open."""
        return self.wanted.settings

    @property
    def kind(self) -> Literal["image_generation", "image_edit"]:
        """What the names of events begin with."""
        return "image_generation" if self.wanted.image is None else "image_edit"


def checked_ask(
    gateway: GatewayState, asked: ImageOptions, source: SourceFiles | None = None, *, progress: bool = False
) -> ImagesAsk:
    """Choose the model, fill in what its card says, refuse what is beyond its limits.

    Args:
        gateway: Has the cards.
        asked: What the caller said.
        source: What to start from.
        progress: Whether every step is told.

    Raises:
        ModelNotFound: No such model, or none that draws.
        InvalidRequest: Naming the field and the limit.
        PayloadTooLarge: The prompt is too long.
    """
    _check_stream(asked)
    card = gateway.card_of_task(asked.model, Task.TEXT_TO_IMAGE)
    settings = settled(_wishes(asked, progress=progress), card, has_source=source is not None)
    wanted = ImageGenerationRequest(settings, source.image, source.mask) if source else ImageGenerationRequest(settings)
    files = (source.image, source.mask or b"") if source else ()
    said = (asked.model_dump(mode="json", exclude_unset=True), *files)
    return ImagesAsk(card, wanted, bool(asked.stream), asked.response_format == "url", said)


def _check_stream(asked: ImageOptions) -> None:
    if not asked.stream:
        return
    if asked.n not in (None, 1):
        raise InvalidRequest(f"n is {asked.n}; a stream has one picture.", param="n")
    if asked.response_format == "url":
        raise InvalidRequest("response_format must be b64_json for a stream.", param="response_format")


def _wishes(asked: ImageOptions, *, progress: bool) -> ImageWishes:
    return ImageWishes(
        prompt=asked.prompt,
        size=asked.dimensions,
        n=asked.n or 1,
        negative_prompt=asked.negative_prompt,
        num_inference_steps=asked.num_inference_steps,
        guidance_scale=asked.guidance_scale,
        seed=asked.seed,
        scheduler=asked.scheduler,
        strength=asked.strength if isinstance(asked, ImageEditForm) else None,
        adapters=tuple(AdapterWeight(each.name, float(each.weight)) for each in asked.adapters or ()),
        # Of a request that nobody reads along there is nothing to show.
        partial_images=(asked.partial_images or 0) if asked.stream or progress else 0,
        progress=progress,
        output_format=asked.output_format or "png",
        output_compression=100 if asked.output_compression is None else asked.output_compression,
    )
