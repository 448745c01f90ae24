"""The same thing in another colour: the hue that most of a picture has is turned to the one a word names."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from PIL import Image

COLOURS: Final[dict[str, float]] = {
    "red": 0.0,
    "orange": 28.0,
    "yellow": 50.0,
    "green": 120.0,
    "blue": 215.0,
    "purple": 275.0,
    "pink": 330.0,
}
"""Colour words and their hues in degrees."""

_LIGHTER = {"yellow": 0.45, "orange": 0.25, "pink": 0.35}
_PALER = {"pink": 0.65}
_SATURATED = 0.25
_LEAST_COVERAGE = 0.3
# What is farther from the dominant hue is another thing, a leaf at an apple, and stays as it is; what is nearer is the
# same thing, and its hues are drawn together, since a word means a narrower range than a shading has.
_SAME_THING = 80 / 360
_NARROWED = 0.4
_LEAST_UNITY = 0.6

Picture = np.ndarray[Any, np.dtype[np.uint8]]
"""[rows, columns, 4]: red, green, blue, opacity."""


def dominant_hue(picture: Picture) -> float | None:
    """The hue, in degrees, that most of the picture has; None if it has no or many hues, so that none can be turned."""
    hue, saturation, value = _hsv(picture)
    opacity = picture[..., 3] / 255.0
    weight = opacity * saturation * value * (saturation > _SATURATED)
    coverage = (opacity * (saturation > _SATURATED)).sum() / max(opacity.sum(), 1.0)
    mean = (weight * np.exp(2j * np.pi * hue)).sum() / max(weight.sum(), 1e-6)
    if coverage < _LEAST_COVERAGE or abs(mean) < _LEAST_UNITY:
        return None
    return float(np.degrees(np.angle(mean)) % 360)


def recolour(picture: Picture, colour: str) -> Picture:
    """The picture with its dominant hue turned to a colour's, lightened where the word means a light one.

    Raises:
        ValueError: It has no dominant hue.
    """
    own = dominant_hue(picture)
    if own is None:
        raise ValueError("the picture has no dominant hue")
    hue, saturation, value = _hsv(picture)
    distance = (hue - own / 360 + 0.5) % 1.0 - 0.5
    tinted = np.abs(distance) < _SAME_THING
    hue = np.where(tinted, (COLOURS[colour] / 360 + _NARROWED * distance) % 1.0, hue)
    value = np.where(tinted, value + (1 - value) * _LIGHTER.get(colour, 0.0), value)
    saturation = np.where(tinted, saturation * _PALER.get(colour, 1.0), saturation)
    hsv = np.stack([hue, saturation, value], axis=-1)
    turned = Image.fromarray((hsv * 255).round().clip(0, 255).astype(np.uint8), "HSV").convert("RGB")
    return np.concatenate([np.asarray(turned), picture[..., 3:]], axis=-1)


def _hsv(picture: Picture) -> tuple[np.ndarray[Any, Any], ...]:
    hsv = np.asarray(Image.fromarray(picture[..., :3]).convert("HSV"), dtype=np.float32) / 255
    return hsv[..., 0], hsv[..., 1], hsv[..., 2]
