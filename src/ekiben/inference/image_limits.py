"""A card's limits on a request for pictures, and its defaults for what the request leaves open."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TypeVar

from ekiben.cards.card import Card
from ekiben.cards.images import Images
from ekiben.errors import InvalidRequest, PayloadTooLarge
from ekiben.inference.image_generation import MAX_SEED, AdapterWeight, ImageSettings, OutputFormat

T = TypeVar("T")
N = TypeVar("N", int, float)

# Every JavaScript client can say it exactly.
_DRAWN_SEEDS = 2**32
# OpenAI's API takes up to 3; a socket may want to see more.
_MAX_PARTIAL_IMAGES = 50


@dataclass(frozen=True, slots=True)
class ImageWishes:
    """What a caller said; None: the card's default, or a seed that nobody chose."""

    prompt: str
    size: tuple[int, int] | None = None
    n: int = 1
    negative_prompt: str | None = None
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    seed: int | None = None
    scheduler: str | None = None
    strength: float | None = None
    adapters: tuple[AdapterWeight, ...] = ()
    partial_images: int = 0
    progress: bool = False
    output_format: OutputFormat = "png"
    output_compression: int = 100


def settled(wishes: ImageWishes, card: Card, *, has_source: bool = False) -> ImageSettings:
    """Fill in the card's defaults and refuse what is beyond its limits.

    Raises:
        InvalidRequest: Naming the field, as callers spell it, and the limit.
        PayloadTooLarge: The prompt is too long.
    """
    images = images_of(card)
    _check_texts(wishes, card, images)
    width, height = _size(wishes, images)
    _check_sources(wishes, images, has_source=has_source)
    _check_adapters(wishes, images)
    if wishes.scheduler is not None and wishes.scheduler not in images.schedulers:
        raise InvalidRequest(
            f"scheduler {wishes.scheduler!r} is not one of {card.name}'s: {', '.join(images.schedulers)}.",
            param="scheduler",
        )
    return ImageSettings(
        prompt=wishes.prompt,
        negative_prompt=wishes.negative_prompt,
        width=width,
        height=height,
        n=_within("n", wishes.n, 1, images.max_images),
        steps=_within(
            "num_inference_steps", _or(wishes.num_inference_steps, images.default_steps), 1, images.max_steps
        ),
        guidance_scale=_within(
            "guidance_scale", _or(wishes.guidance_scale, images.default_guidance_scale), 0, images.max_guidance_scale
        ),
        seed=_within("seed", _or(wishes.seed, secrets.randbelow(_DRAWN_SEEDS)), 0, MAX_SEED),
        scheduler=wishes.scheduler or images.schedulers[0],
        strength=_strength(wishes),
        adapters=wishes.adapters,
        partial_images=_within("partial_images", wishes.partial_images, 0, _MAX_PARTIAL_IMAGES),
        progress=wishes.progress,
        output_format=wishes.output_format,
        output_compression=_within("output_compression", wishes.output_compression, 0, 100),
    )


def check_settings(settings: ImageSettings, card: Card, *, has_source: bool) -> None:
    """Refuse settings that a caller filled in itself and that are beyond the card's limits.

    Raises:
        InvalidRequest: Naming the field, as callers spell it, and the limit.
        PayloadTooLarge: The prompt is too long.
    """
    wishes = ImageWishes(
        prompt=settings.prompt,
        size=(settings.width, settings.height),
        n=settings.n,
        negative_prompt=settings.negative_prompt,
        num_inference_steps=settings.steps,
        guidance_scale=settings.guidance_scale,
        seed=settings.seed,
        scheduler=settings.scheduler,
        strength=settings.strength if has_source else None,
        adapters=settings.adapters,
        partial_images=settings.partial_images,
        output_compression=settings.output_compression,
    )
    settled(wishes, card, has_source=has_source)


def images_of(card: Card) -> Images:
    """The card's section for pictures.

    Raises:
        InvalidRequest: The model draws none.
    """
    if card.images is None:
        raise InvalidRequest(f"{card.name} does not make images.", param="model")
    return card.images


def _check_texts(wishes: ImageWishes, card: Card, images: Images) -> None:
    limit = card.inputs.max_characters
    for param, text in (("prompt", wishes.prompt), ("negative_prompt", wishes.negative_prompt or "")):
        if limit is not None and len(text) > limit:
            raise PayloadTooLarge(f"{param} has {len(text)} characters; the limit is {limit}.", param=param)
    if not wishes.prompt.strip():
        raise InvalidRequest("prompt is empty.", param="prompt")
    if wishes.negative_prompt is not None and not images.negative_prompt:
        raise InvalidRequest(f"negative_prompt is not taken by {card.name}.", param="negative_prompt")


def _size(wishes: ImageWishes, images: Images) -> tuple[int, int]:
    width, height = wishes.size or images.default_size
    for side in (width, height):
        if not images.min_side <= side <= images.max_side:
            raise InvalidRequest(
                f"size {width}x{height}: each side must be from {images.min_side} to {images.max_side} pixels.",
                param="size",
            )
        if side % images.size_multiple:
            raise InvalidRequest(
                f"size {width}x{height}: each side must be a multiple of {images.size_multiple} pixels.", param="size"
            )
    if width * height > images.max_pixels:
        raise InvalidRequest(
            f"size {width}x{height} has {width * height} pixels; the limit is {images.max_pixels}.", param="size"
        )
    return width, height


def _check_sources(wishes: ImageWishes, images: Images, *, has_source: bool) -> None:
    if has_source and not images.edits:
        raise InvalidRequest("This model takes no source image.", param="image")
    if wishes.strength is not None and not has_source:
        raise InvalidRequest("strength is only for requests with a source image.", param="strength")


def _check_adapters(wishes: ImageWishes, images: Images) -> None:
    names = [adapter.name for adapter in wishes.adapters]
    if len(set(names)) != len(names):
        raise InvalidRequest("adapters names one twice.", param="adapters")
    for adapter in wishes.adapters:
        known = images.adapters.get(adapter.name)
        if known is None:
            there = ", ".join(images.adapters) or "none"
            raise InvalidRequest(f"adapter {adapter.name!r} is not one of this model's: {there}.", param="adapters")
        _within(f"adapters: weight of {adapter.name}", adapter.weight, -known.max_weight, known.max_weight, "adapters")


def _strength(wishes: ImageWishes) -> float:
    strength = 0.8 if wishes.strength is None else wishes.strength
    if not 0 < strength <= 1:
        raise InvalidRequest(f"strength is {strength:g}; it must be above 0 and at most 1.", param="strength")
    return strength


def _or(value: T | None, default: T) -> T:
    return default if value is None else value


def _within(what: str, value: N, least: float, most: float, param: str | None = None) -> N:
    if not least <= value <= most:
        raise InvalidRequest(f"{what} is {value:g}; it must be from {least:g} to {most:g}.", param=param or what)
    return value
