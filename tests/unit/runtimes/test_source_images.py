"""Source images and masks: what is painted anew."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from ekiben.errors import InvalidRequest, PayloadTooLarge, UnsupportedMedia
from ekiben.inference.image_generation import Source
from ekiben.runtimes.source_images import read_source

RED = (255, 0, 0)


def file(picture: Image.Image, kind: str = "PNG") -> bytes:
    target = io.BytesIO()
    picture.save(target, kind)
    return target.getvalue()


def holed(colour: tuple[int, int, int] = RED, opacity: int = 0) -> Image.Image:
    """8 × 4 pixels, the left half with this opacity."""
    picture = Image.new("RGBA", (8, 4), (*colour, 255))
    picture.paste((*colour, opacity), (0, 0, 4, 4))
    return picture


def read(image: bytes, mask: bytes | None = None, size: tuple[int, int] = (8, 4)) -> Source:
    return read_source(image, mask, size, max_pixels=1_000)


LEFT = np.repeat(np.array([[255] * 4 + [0] * 4], dtype=np.uint8), 4, axis=0)
OPAQUE = file(Image.new("RGB", (8, 4), RED))


def test_an_opaque_image_alone_has_no_mask() -> None:
    for image in (OPAQUE, file(holed(opacity=255))):
        source = read(image)
        assert source.mask is None
        assert source.pixels.shape == (4, 8, 3)


def test_where_the_image_is_transparent_is_painted_anew() -> None:
    source = read(file(holed()))
    assert source.mask is not None
    assert np.array_equal(source.mask, LEFT)
    assert tuple(source.pixels[0, 0]) == RED  # what is under the transparency may still guide the painting


def test_where_the_mask_is_transparent_is_painted_anew() -> None:
    source = read(file(holed(opacity=255)), file(holed((0, 0, 0))))
    assert source.mask is not None
    assert np.array_equal(source.mask, LEFT)


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "P"])
def test_a_mask_without_transparency_is_painted_anew_where_it_is_white(mode: str) -> None:
    mask = Image.new("L", (8, 4), 0)
    mask.paste(255, (0, 0, 4, 4))
    source = read(OPAQUE, file(mask.convert(mode)))
    assert source.mask is not None
    assert np.array_equal(source.mask, LEFT)


@pytest.mark.parametrize(
    ("image", "mask", "kind", "param"),
    [
        (b"no picture", None, UnsupportedMedia, "image"),
        (OPAQUE, b"no picture", UnsupportedMedia, "mask"),
        (OPAQUE, file(Image.new("L", (4, 4), 255)), InvalidRequest, "mask"),
        (OPAQUE, file(Image.new("L", (8, 4), 0)), InvalidRequest, "mask"),
        (file(Image.new("RGB", (40, 40))), None, PayloadTooLarge, "image"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(
    image: bytes, mask: bytes | None, kind: type[InvalidRequest], param: str
) -> None:
    with pytest.raises(kind) as found:
        read(image, mask)
    assert found.value.param == param


def test_both_are_scaled_as_diffusers_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from diffusers.image_processor import VaeImageProcessor

    noise = np.random.default_rng(1).integers(0, 256, (24, 31, 3), dtype=np.uint8)
    picture, mask = Image.fromarray(noise), Image.fromarray(noise[:, :, 0])
    source = read(file(picture), file(mask), (16, 8))
    whole = {"height": 8, "width": 16}
    pixels = VaeImageProcessor(vae_scale_factor=8).preprocess(picture, **whole)
    masks = VaeImageProcessor(vae_scale_factor=8, do_normalize=False, do_binarize=True, do_convert_grayscale=True)
    holes = masks.preprocess(mask.point(lambda value: 255 if value >= 128 else 0), **whole)
    assert source.mask is not None
    assert np.array_equal(source.pixels, ((pixels[0].permute(1, 2, 0).numpy() + 1) * 127.5).round())
    assert np.array_equal(source.mask, holes[0, 0].numpy() * 255)


def test_a_large_image_takes_no_more_room_than_the_picture() -> None:
    assert read(file(Image.new("RGB", (40, 25))), size=(8, 8)).pixels.nbytes == 8 * 8 * 3
