"""Decoding pictures from strangers."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from ekiben.errors import EkibenError, InvalidRequest, PayloadTooLarge, UnsupportedMedia
from ekiben.runtimes.pictures import open_picture


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def opened(data: bytes) -> Image.Image:
    return open_picture(data, max_pixels=1_000_000, param="image")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_three_formats_are_read_as_rgb(kind: str) -> None:
    assert opened(encoded(Image.new("RGB", (8, 6), "red"), kind)).mode == "RGB"


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO"])
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(UnsupportedMedia, match="JPEG, PNG, WEBP"):
        opened(encoded(Image.new("RGB", (16, 16)), kind))


@pytest.mark.parametrize("size", [(10_000, 10_000), (1_001, 1_000), (2**31 - 1, 2**31 - 1)])
def test_too_many_pixels_are_refused_before_decoding(size: tuple[int, int]) -> None:
    with pytest.raises(PayloadTooLarge):
        opened(png_claiming(*size))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_cut_anywhere_is_refused_in_words(kind: str) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    for end in range(0, len(data) - 100, 97):  # the last bytes of a PNG hold no pixels
        with pytest.raises(EkibenError) as found:
            opened(data[:end])
        assert found.value.param == "image"


def test_transparency_becomes_white() -> None:
    assert opened(encoded(Image.new("RGBA", (2, 2), (255, 0, 0, 0)))).getpixel((0, 0)) == (255, 255, 255)


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    grey = Image.fromarray(np.full((2, 2), 0x8000, dtype=np.uint16))
    assert opened(encoded(grey)).getpixel((0, 0)) == (128, 128, 128)


def test_a_turned_photo_is_set_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert opened(encoded(Image.new("RGB", (8, 4)), "JPEG", exif=exif)).size == (4, 8)


def test_damage_is_a_bad_request() -> None:
    with pytest.raises(InvalidRequest, match="damaged"):
        opened(png_claiming(10, 10))


def test_exif_data_that_cannot_be_written_again_is_damage() -> None:
    # Turning the picture upright writes its EXIF data anew, and this text stands where a number belongs.
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "x"
    data = encoded(Image.new("RGB", (8, 8)), "JPEG", exif=exif)
    with pytest.raises(InvalidRequest, match="damaged"):
        open_picture(data.replace(b"\x01\x0e\x00\x02", b"\x01\x4a\x00\x02"), max_pixels=100, param="image")
