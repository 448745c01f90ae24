"""Source images and masks from strangers, decoded: what is painted anew and what stays.

Where the mask is transparent is painted anew, as in OpenAI's API; a mask without transparency says it by colour: white
is painted anew. Without a mask, where the image itself is transparent is painted anew; where nothing of it is, the
whole image is what to start from.

Both are scaled to the picture's size as diffusers' `VaeImageProcessor` would: here, so that what waits in the queue
holds no more than a picture, whatever was sent.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ekiben.errors import InvalidRequest
from ekiben.inference.image_generation import Source
from ekiben.runtimes.pictures import open_picture, open_with_opacity

# What is decoded where a card says nothing.
MAX_SOURCE_PIXELS: Final = 25_000_000
_HALF: Final = 128


def read_source(image: bytes, mask: bytes | None, size: tuple[int, int], *, max_pixels: int) -> Source:
    """Decode an image and its mask and scale them.

    Args:
        image: A JPEG, PNG or WebP file.
        mask: Another, as large as the image.
        size: Width and height of the picture.
        max_pixels: Width times height beyond which nothing is decoded.

    Raises:
        UnsupportedMedia: Not a picture in one of the formats; `param` is `image` or `mask`, here and below.
        PayloadTooLarge: More pixels than allowed.
        InvalidRequest: Damaged, of different sizes, or a mask that leaves nothing to paint.
    """
    if mask is None:
        picture, opacity = open_with_opacity(image, max_pixels=max_pixels, param="image")
        hole = None if opacity is None else _transparent(opacity)
        return _scaled(picture, hole if hole is not None and hole.any() else None, size)
    picture = open_picture(image, max_pixels=max_pixels, param="image")
    return _scaled(picture, _read_mask(mask, picture.size, max_pixels), size)


def _scaled(picture: Image.Image, hole: NDArray[np.uint8] | None, size: tuple[int, int]) -> Source:
    pixels = np.asarray(picture.resize(size, Image.Resampling.LANCZOS))
    if hole is None:
        return Source(pixels)
    mask = np.asarray(Image.fromarray(hole).resize(size, Image.Resampling.LANCZOS))
    return Source(pixels, _threshold(mask >= _HALF))


def _read_mask(mask: bytes, size: tuple[int, int], max_pixels: int) -> NDArray[np.uint8]:
    picture, opacity = open_with_opacity(mask, max_pixels=max_pixels, param="mask")
    if picture.size != size:
        raise InvalidRequest(
            f"mask is {picture.width}x{picture.height} pixels and image {size[0]}x{size[1]}; they must be equal.",
            param="mask",
        )
    hole = None if opacity is None else _transparent(opacity)
    if (
        hole is None or not hole.any()
    ):  # Many programs write masks in black and white with an opacity that says nothing.
        hole = _threshold(np.asarray(picture.convert("L")) >= _HALF)
    if not hole.any():
        raise InvalidRequest("mask is neither transparent nor white anywhere: nothing would be painted.", param="mask")
    return hole


def _transparent(opacity: Image.Image) -> NDArray[np.uint8]:
    return _threshold(np.asarray(opacity) < _HALF)


def _threshold(is_painted: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.where(is_painted, 255, 0).astype(np.uint8)
