"""Pictures as files, and in them how they were made, where common programs look for it.

PNG         text `parameters`, as image generators' pages write and read it, and text `ekiben`, the same as JSON
JPEG, WebP  EXIF: the first as `UserComment`, the second as `ImageDescription`
"""

from __future__ import annotations

import io
import json
from typing import Any, Final

from PIL import ExifTags, Image, PngImagePlugin

from ekiben.inference.image_generation import Drawn, ImageSettings, OutputFormat, Pixels
from ekiben.worker.image_description import Description

MEDIA_TYPES: Final[dict[OutputFormat, str]] = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
PARAMETERS: Final = "parameters"
DESCRIPTION: Final = "ekiben"

# Beyond it JPEG's colour may keep its full resolution as well.
_FULL_COLOUR_FROM: Final = 90
# What a preview is for does not show the difference, and it is made while the device works.
_PREVIEW_QUALITY: Final = 75
_FAST_PNG, _SMALL_PNG = 1, 4
# EXIF ends at 64 KiB in JPEG. A character takes up to 12 bytes there as JSON, and 4 as UTF-16.
_LONGEST_EXIF_TEXT: Final = 1_800
_UTF16: Final = b"UNICODE\0"


def encode_image(drawn: Drawn, settings: ImageSettings, *, is_edit: bool = False) -> bytes:
    """A finished picture as a file, with its settings inside; `is_edit`: made from a source image."""
    picture = Image.fromarray(drawn.pixels)
    if settings.output_format == "png":
        return _png(picture, _SMALL_PNG, _text_chunks(Description(drawn.facts, settings, is_edit)))
    exif = _exif(Description(drawn.facts, settings, is_edit, _LONGEST_EXIF_TEXT))
    quality = settings.output_compression
    if settings.output_format == "jpeg":
        subsampling = 0 if quality >= _FULL_COLOUR_FROM else 2
        return _saved(picture, format="JPEG", quality=max(1, quality), subsampling=subsampling, exif=exif)
    return _saved(picture, format="WEBP", quality=quality, lossless=quality == 100, exif=exif)


def encode_preview(pixels: Pixels, settings: ImageSettings) -> bytes:
    """A preview as a file of the picture's size, quickly."""
    size = (settings.width, settings.height)
    picture = Image.fromarray(pixels)
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.BICUBIC)
    if settings.output_format == "png":
        return _png(picture, _FAST_PNG)
    if settings.output_format == "jpeg":
        return _saved(picture, format="JPEG", quality=_PREVIEW_QUALITY)
    return _saved(picture, format="WEBP", quality=_PREVIEW_QUALITY, method=0)


def _text_chunks(description: Description) -> PngImagePlugin.PngInfo:
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text(PARAMETERS, description.parameters())
    chunks.add_text(DESCRIPTION, json.dumps(description.fields(), ensure_ascii=False))
    return chunks


def _exif(description: Description) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = json.dumps(description.fields())
    comment = _UTF16 + description.parameters().encode("utf-16-be", "replace")
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = comment
    return exif


def _png(picture: Image.Image, level: int, chunks: PngImagePlugin.PngInfo | None = None) -> bytes:
    return _saved(picture, format="PNG", compress_level=level, pnginfo=chunks)


def _saved(picture: Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, **options)
    return file.getvalue()
