"""The drawings of an unpacked Fluent emoji package, as pictures on white."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from training.emoji.concepts import plain_code
from training.emoji.recolour import Picture

SIDE = 128
_MARGIN = 4


def find_drawings(folder: Path) -> dict[str, Path]:
    """The files of a folder by the emoji's code."""
    return {plain_code(path.stem): path for path in sorted(folder.glob("*.webp"))}


def read_drawing(path: Path) -> Picture:
    """A drawing in its square of `SIDE` pixels, cut to what is visible and with a margin around it."""
    with Image.open(path) as opened:
        image = opened.convert("RGBA")
    box = image.getchannel("A").point(lambda opacity: 255 * (opacity > 8)).getbbox()
    image = image.crop(box)
    scale = (SIDE - 2 * _MARGIN) / max(image.size)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
    square = Image.new("RGBA", (SIDE, SIDE), (255, 255, 255, 0))
    square.paste(image, ((SIDE - image.width) // 2, (SIDE - image.height) // 2))
    return np.asarray(square)


def on_white(picture: Picture) -> np.ndarray[Any, np.dtype[np.float32]]:
    """[3, rows, columns] from -1 to 1."""
    opacity = picture[..., 3:].astype(np.float32) / 255
    colour = picture[..., :3].astype(np.float32) * opacity + 255 * (1 - opacity)
    return np.ascontiguousarray(colour.transpose(2, 0, 1) / 127.5 - 1)
