"""Files as Pillow reads them back, and what they say of how they were made."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from ekiben.inference.image_generation import AdapterWeight, Drawn, Facts, ImageSettings, OutputFormat
from ekiben.worker.image_files import MEDIA_TYPES, encode_image, encode_preview

PIXELS = np.asarray(Image.linear_gradient("L").convert("RGB").resize((48, 32)))
FACTS = Facts(11, 48, 32, 20, 7.5, "euler_ancestral", "toy", "1.2.0", 20)
DRAWN = Drawn(PIXELS, FACTS)
SETTINGS = ImageSettings(
    prompt="a bento, été 弁当 🍱",
    negative_prompt="blurry",
    width=48,
    height=32,
    steps=20,
    guidance_scale=7.5,
    seed=11,
    scheduler="euler_ancestral",
)
PARAMETERS = (
    "a bento, été 弁当 🍱\nNegative prompt: blurry\n"
    "Steps: 20, Sampler: Euler a, CFG scale: 7.5, Seed: 11, Size: 48x32, Model: toy, Version: 1.2.0"
)


def opened(file: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(file))
    picture.load()
    return picture


def test_a_png_is_exact_and_says_how_it_was_made() -> None:
    picture = opened(encode_image(DRAWN, SETTINGS))
    assert picture.format == "PNG"
    assert np.array_equal(np.asarray(picture), PIXELS)
    assert picture.info["parameters"] == PARAMETERS
    told = json.loads(picture.info["ekiben"])
    assert (told["prompt"], told["seed"], told["size"]) == (SETTINGS.prompt, 11, "48x32")
    assert "strength" not in told
    assert "adapters" not in told


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_jpeg_and_webp_say_it_in_exif(kind: OutputFormat) -> None:
    picture = opened(encode_image(DRAWN, replace(SETTINGS, output_format=kind, output_compression=90)))
    assert Image.MIME[picture.format or ""] == MEDIA_TYPES[kind]
    assert np.abs(np.asarray(picture).astype(int) - PIXELS).mean() < 4
    exif = picture.getexif()
    comment = exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment]
    assert comment.removeprefix(b"UNICODE\0").decode("utf-16-be") == PARAMETERS
    assert json.loads(exif[ExifTags.Base.ImageDescription])["prompt"] == SETTINGS.prompt


def test_compression_is_quality_and_a_hundred_of_webp_loses_nothing() -> None:
    sizes = [
        len(encode_image(DRAWN, replace(SETTINGS, output_format="jpeg", output_compression=quality)))
        for quality in (0, 50, 100)
    ]
    assert sizes == sorted(set(sizes))
    exact = opened(encode_image(DRAWN, replace(SETTINGS, output_format="webp", output_compression=100)))
    assert np.array_equal(np.asarray(exact.convert("RGB")), PIXELS)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_however_long_the_prompt(kind: OutputFormat) -> None:
    long = replace(SETTINGS, prompt="🍱" * 50_000, negative_prompt="é" * 50_000, output_format=kind)
    picture = opened(encode_image(DRAWN, long))
    if kind == "png":
        assert picture.info["parameters"].startswith("🍱" * 50_000 + "\n")
    else:
        comment = picture.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment].decode("utf-16-be", "ignore")
        assert comment.endswith("Version: 1.2.0")


def test_an_edit_says_its_strength_and_adapters_their_weight() -> None:
    wanted = replace(SETTINGS, strength=0.6, adapters=(AdapterWeight("ink", 0.5),))
    information = opened(encode_image(DRAWN, wanted, is_edit=True)).info
    assert "Denoising strength: 0.6" in information["parameters"]
    assert information["parameters"].splitlines()[0].endswith(" <lora:ink:0.5>")
    told = json.loads(information["ekiben"])
    assert (told["strength"], told["adapters"]) == (0.6, {"ink": 0.5})


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("size", [(6, 4), (48, 32)])
def test_a_preview_is_as_large_as_the_picture(kind: OutputFormat, size: tuple[int, int]) -> None:
    small: Any = np.asarray(Image.fromarray(PIXELS).resize(size))
    picture = opened(encode_preview(small, replace(SETTINGS, output_format=kind)))
    assert picture.size == (48, 32)
    assert Image.MIME[picture.format or ""] == MEDIA_TYPES[kind]
