"""A card's limits: everything that is left open gets a value, everything beyond is refused by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ekiben.cards.card import Source
from ekiben.cards.images import AdapterFile
from ekiben.errors import InvalidRequest, PayloadTooLarge
from ekiben.inference.image_generation import MAX_SEED, AdapterWeight
from ekiben.inference.image_limits import ImageWishes, check_settings, images_of, settled
from ekiben.testing import toy_card
from ekiben.testing.images import toy_image_card

BASE = toy_image_card()
assert BASE.images is not None
CARD = toy_image_card(
    source=Source(files={"model_index.json": "file:model_index.json", "ink.safetensors": "file:ink.safetensors"}),
    images=BASE.images.model_copy(
        update={"adapters": {"ink": AdapterFile(file="ink.safetensors", max_weight=1.5)}, "max_pixels": 48 * 64}
    ),
)


def test_what_is_left_open_is_as_the_card_says() -> None:
    settings = settled(ImageWishes("a lake"), CARD)
    assert (settings.width, settings.height, settings.steps, settings.guidance_scale) == (32, 32, 4, 3.0)
    assert (settings.scheduler, settings.n) == ("ddim", 1)
    assert 0 <= settings.seed < 2**32
    assert settled(ImageWishes("a lake"), CARD).seed != settings.seed


def test_zero_is_a_seed_and_a_guidance_and_seeds_follow_each_other() -> None:
    settings = settled(ImageWishes("a", seed=0, guidance_scale=0.0, n=3), CARD)
    assert (settings.seed, settings.guidance_scale) == (0, 0.0)
    assert [settings.seed_of(index) for index in range(3)] == [0, 1, 2]
    assert settled(ImageWishes("a", seed=MAX_SEED), CARD).seed_of(1) == 0


@pytest.mark.parametrize(
    ("wishes", "param"),
    [
        ({"prompt": " "}, "prompt"),
        ({"size": (24, 80)}, "size"),
        ({"size": (8, 32)}, "size"),
        ({"size": (33, 32)}, "size"),
        ({"size": (64, 64)}, "size"),
        ({"n": 4}, "n"),
        ({"n": 0}, "n"),
        ({"num_inference_steps": 21}, "num_inference_steps"),
        ({"num_inference_steps": 0}, "num_inference_steps"),
        ({"guidance_scale": 10.1}, "guidance_scale"),
        ({"guidance_scale": float("nan")}, "guidance_scale"),
        ({"seed": -1}, "seed"),
        ({"seed": MAX_SEED + 1}, "seed"),
        ({"scheduler": "unipc"}, "scheduler"),
        ({"strength": 0.5}, "strength"),
        ({"partial_images": 51}, "partial_images"),
        ({"output_compression": 101}, "output_compression"),
        ({"adapters": (AdapterWeight("oil"),)}, "adapters"),
        ({"adapters": (AdapterWeight("ink"), AdapterWeight("ink"))}, "adapters"),
        ({"adapters": (AdapterWeight("ink", 1.6),)}, "adapters"),
        ({"adapters": (AdapterWeight("ink", -1.6),)}, "adapters"),
    ],
)
def test_what_is_beyond_a_limit_is_refused_by_name(wishes: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as found:
        settled(ImageWishes(**({"prompt": "a lake"} | wishes)), CARD)
    assert found.value.param == param


@pytest.mark.parametrize("strength", [0.0, -0.1, 1.1, float("nan")])
def test_a_strength_is_a_share(strength: float) -> None:
    with pytest.raises(InvalidRequest, match="strength"):
        settled(ImageWishes("a", strength=strength), CARD, has_source=True)


def test_a_model_may_take_neither_negative_prompts_nor_images() -> None:
    assert CARD.images is not None
    plain = toy_image_card(
        images=CARD.images.model_copy(update={"negative_prompt": False, "edits": False, "adapters": {}})
    )
    with pytest.raises(InvalidRequest, match="negative_prompt"):
        settled(ImageWishes("a", negative_prompt="b"), plain)
    with pytest.raises(InvalidRequest, match="image"):
        settled(ImageWishes("a"), plain, has_source=True)


def test_long_prompts_have_a_status_of_their_own() -> None:
    for name in ("prompt", "negative_prompt"):
        with pytest.raises(PayloadTooLarge) as found:
            settled(replace(ImageWishes("a"), **{name: "x" * 201}), CARD)  # type: ignore[arg-type]
        assert found.value.param == name


def test_settings_from_elsewhere_are_held_to_the_same_limits() -> None:
    settings = settled(ImageWishes("a", strength=0.4), CARD, has_source=True)
    check_settings(settings, CARD, has_source=True)
    check_settings(settings, CARD, has_source=False)
    with pytest.raises(InvalidRequest, match="num_inference_steps"):
        check_settings(replace(settings, steps=99), CARD, has_source=True)


def test_a_model_that_does_not_draw() -> None:
    with pytest.raises(InvalidRequest, match="does not make images"):
        images_of(toy_card())
