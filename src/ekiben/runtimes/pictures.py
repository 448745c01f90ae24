"""Decoding pictures from strangers: three formats, a pixel limit before any pixel is decoded, one clear error."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable
from typing import Final, TypeVar

from PIL import Image, ImageOps, UnidentifiedImageError

from ekiben.errors import InvalidRequest, PayloadTooLarge, UnsupportedMedia

T = TypeVar("T")

FORMATS: Final = ("JPEG", "PNG", "WEBP")
# What Pillow raises for broken files; the last for numbers that do not fit their place in the EXIF data.
_DAMAGE: Final = (OSError, ValueError, SyntaxError, struct.error)


def open_picture(data: bytes, *, max_pixels: int, param: str) -> Image.Image:
    """Decode to upright RGB; transparency becomes white.

    Args:
        data: A JPEG, PNG or WebP file.
        max_pixels: Width times height beyond which nothing is decoded.
        param: The request field, for the error.

    Raises:
        UnsupportedMedia: Not a picture in one of the formats.
        PayloadTooLarge: More pixels than allowed.
        InvalidRequest: Truncated or damaged.
    """
    return _decode(data, max_pixels, param, _flat)


def open_with_opacity(data: bytes, *, max_pixels: int, param: str) -> tuple[Image.Image, Image.Image | None]:
    """Decode to upright RGB, whatever is transparent in it, and to how opaque each pixel is.

    Returns:
        The picture, and its opacity ("L", 0 is transparent) or None where the file says nothing of it.

    Raises:
        EkibenError: As `open_picture`.
    """
    return _decode(data, max_pixels, param, _apart)


def _decode(data: bytes, max_pixels: int, param: str, convert: Callable[[Image.Image], T]) -> T:
    picture = _identify(data, param)
    width, height = picture.size
    if width * height > max_pixels:
        raise PayloadTooLarge(
            f"{param} is {width} × {height} pixels; the limit is {max_pixels:,} pixels in all.", param=param
        )
    try:
        return convert(ImageOps.exif_transpose(picture))
    except (*_DAMAGE, Image.DecompressionBombError) as error:
        raise InvalidRequest(f"{param} is damaged or cut short: {error}", param=param) from error


def _identify(data: bytes, param: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # Our own limit speaks for itself; Pillow's warning about large pictures would only reach the log.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise UnsupportedMedia(f"{param} is not a {', '.join(FORMATS)} picture.", param=param) from error
    except Image.DecompressionBombError as error:
        raise PayloadTooLarge(f"{param} has too many pixels.", param=param) from error
    except _DAMAGE as error:
        raise InvalidRequest(f"{param} is damaged or cut short: {error}", param=param) from error


def _flat(picture: Image.Image) -> Image.Image:
    if _has_alpha(picture):
        rgba = picture.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")
    return _opaque(picture)


def _apart(picture: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    if not _has_alpha(picture):
        return _opaque(picture), None
    rgba = picture.convert("RGBA")
    return rgba.convert("RGB"), rgba.getchannel("A")


def _has_alpha(picture: Image.Image) -> bool:
    return picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info


def _opaque(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I;16"):
        # Pillow clips 16-bit grey to 8 bits instead of scaling it.
        return picture.point(lambda value: value / 256).convert("L").convert("RGB")
    return picture.convert("RGB")
