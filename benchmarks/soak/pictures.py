"""Small drawn pictures of different top classes."""

from __future__ import annotations

import io
import random
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.model import load_classifier
from ekiben.inference.tensors import bytes_tensor

_SIDE = 96
_TRIES = 60
# Of the first class over the second: another library's rounding must not change which is first.
_LEAST_LEAD = 0.05


class Picture(NamedTuple):
    """A PNG and the class it must be given."""

    png: bytes
    top: int


def make_pictures(count: int, seed: int = 3) -> list[Picture]:
    """Draw until so many have a clear top class each of their own."""
    model = load_classifier(1)
    draw = random.Random(seed)
    found: dict[int, Picture] = {}
    for _ in range(_TRIES):
        png = _drawn(draw)
        items = model.prepare({"image": bytes_tensor([png])})
        probabilities = model.infer([items[0].payload])[0]
        second, top = (int(index) for index in np.argsort(probabilities)[-2:])
        if probabilities[top] - probabilities[second] >= _LEAST_LEAD:
            found.setdefault(top, Picture(png, top))
        if len(found) == count:
            return list(found.values())
    raise RuntimeError(f"only {len(found)} of {count} pictures have a clear class")


def _drawn(draw: random.Random) -> bytes:
    def colour() -> tuple[int, int, int]:
        return draw.randrange(256), draw.randrange(256), draw.randrange(256)

    picture = Image.new("RGB", (_SIDE, _SIDE), colour())
    pen = ImageDraw.Draw(picture)
    step = draw.choice((8, 12, 16, 24))
    kind = draw.choice(("stripes", "squares", "rings"))
    first = colour()
    for at in range(0, _SIDE, 2 * step):
        if kind == "stripes":
            pen.rectangle((0, at, _SIDE, at + step), first)
        elif kind == "squares":
            for across in range(0, _SIDE, 2 * step):
                pen.rectangle((across, at, across + step, at + step), first)
        else:
            pen.ellipse((at / 2, at / 2, _SIDE - at / 2, _SIDE - at / 2), outline=first, width=step // 3)
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()
