"""Decoding pictures from strangers: three formats, a pixel limit before any pixel is decoded, one clear error."""

from __future__ import annotations

import io
import struct
import warnings
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from ekiben.errors import InvalidRequest, PayloadTooLarge, UnsupportedMedia

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
    picture = _identify(data, param)
    width, height = picture.size
    if width * height > max_pixels:
        raise PayloadTooLarge(
            f"{param} is {width} × {height} pixels; the limit is {max_pixels:,} pixels in all.", param=param
        )
    try:
        return _upright_rgb(picture)
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


def _upright_rgb(picture: Image.Image) -> Image.Image:
    upright = ImageOps.exif_transpose(picture)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        rgba = upright.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")
    if upright.mode.startswith("I;16"):
        # Pillow clips 16-bit grey to 8 bits instead of scaling it.
        return upright.point(lambda value: value / 256).convert("L").convert("RGB")
    return upright.convert("RGB")
