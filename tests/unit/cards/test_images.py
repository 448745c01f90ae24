"""The part of a card that says what may be drawn."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ekiben.cards.card import Batch, Runtime, Source
from ekiben.cards.images import AdapterFile, Images, Levers, StepCache
from ekiben.testing.images import toy_image_card

LIMITS: dict[str, Any] = {
    "default_size": (512, 384),
    "max_side": 1024,
    "max_pixels": 512 * 512,
    "default_steps": 20,
    "max_steps": 50,
    "default_guidance_scale": 7.5,
    "max_guidance_scale": 15.0,
    "schedulers": ("euler", "ddim"),
}


def test_what_is_not_said_has_a_value() -> None:
    images = Images(**LIMITS)
    assert (images.min_side, images.size_multiple, images.max_images, images.preview) == (64, 8, 4, "latent")
    assert images.negative_prompt
    assert images.edits


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"default_size": (2048, 64)}, "default_size is not between"),
        ({"default_size": (32, 64)}, "default_size is not between"),
        ({"max_pixels": 512 * 383}, "more pixels than max_pixels"),
        ({"default_size": (516, 384)}, "no multiple of size_multiple"),
        ({"default_steps": 51}, "default_steps is above max_steps"),
        ({"default_guidance_scale": 15.5}, "default_guidance_scale is above"),
        ({"schedulers": ()}, "schedulers"),
        ({"schedulers": ("heun",)}, "schedulers"),
        ({"adapters": {"a b": AdapterFile(file="a.safetensors")}}, "adapters"),
        ({"max_images": 65}, "max_images"),
        ({"unheard": 1}, "unheard"),
    ],
)
def test_what_contradicts_itself_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Images(**(LIMITS | changes))


@pytest.mark.parametrize("file", ["../up.safetensors", "lora.bin", "/abs.safetensors", ""])
def test_an_adapter_is_a_safetensors_file_of_the_card(file: str) -> None:
    with pytest.raises(ValidationError):
        AdapterFile(file=file)


def test_levers_are_off_unless_pulled() -> None:
    levers = Levers()
    assert (levers.attention, levers.compile, levers.quantization, levers.offload) == ("sdpa", "off", "none", "none")
    assert levers.step_cache is None
    with pytest.raises(ValidationError):
        StepCache(threshold=0)


def test_a_text_to_image_card_has_limits_and_no_other_has() -> None:
    card = toy_image_card()
    with pytest.raises(ValidationError, match="images"):
        card.model_validate({**card.model_dump(), "images": None})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"batch": Batch(max_cost=4, max_items=4)}, "cost_unit must be pixels"),
        ({"runtime": Runtime.ONNXRUNTIME}, "needs diffusers"),
        (
            {
                "images": Images(**LIMITS, adapters={"ink": AdapterFile(file="ink.safetensors")}),
                "source": Source(files={"model_index.json": "file:model_index.json"}),
            },
            "ink.safetensors is not among source.files",
        ),
        ({"images": Images(**LIMITS, known_words="words.json")}, "words.json is not among source.files"),
    ],
)
def test_the_rest_of_the_card_suits_it(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        toy_image_card(**changes)
