"""From the seam's terms to the engine's, and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ekiben.diffusion.generation import GeneratedImage
from ekiben.diffusion.painter_terms import drawn, request_of, spelled
from ekiben.diffusion.schedulers import SchedulerName
from ekiben.diffusion.timing import Timing
from ekiben.errors import InvalidRequest
from ekiben.inference.image_generation import MAX_SEED, AdapterWeight, ImageSettings
from ekiben.inference.prompt_match import KnownWords, PromptMatch
from ekiben.testing.images import toy_image_card

SETTINGS = ImageSettings(
    prompt="a",
    width=32,
    height=16,
    steps=4,
    guidance_scale=3,
    seed=5,
    scheduler="unipc",
    negative_prompt="",
    adapters=(AdapterWeight("ink", 1),),
)


def test_a_request_is_the_settings_with_the_pictures_own_seed() -> None:
    request = request_of(SETTINGS, 2)
    assert (request.width, request.height, request.steps, request.seed) == (32, 16, 4, 7)
    assert request.scheduler is SchedulerName.UNIPC
    assert request.negative_prompt == ""  # an empty text is not the same as none
    assert [(adapter.name, adapter.weight) for adapter in request.adapters] == [("ink", 1.0)]
    assert request_of(replace(SETTINGS, seed=MAX_SEED), 1).seed == 0


@pytest.mark.parametrize(
    ("settings", "param"),
    [
        (replace(SETTINGS, steps=0), "num_inference_steps"),
        (replace(SETTINGS, width=7), "size"),
        (replace(SETTINGS, guidance_scale=float("nan")), "guidance_scale"),
        (replace(SETTINGS, scheduler="heun"), "scheduler"),
        (replace(SETTINGS, strength=0.0), "strength"),
    ],
)
def test_what_no_model_takes_is_named_as_callers_do(settings: ImageSettings, param: str) -> None:
    with pytest.raises(InvalidRequest) as found:
        request_of(settings, 0)
    assert found.value.param == param


def test_errors_keep_what_callers_call_the_same() -> None:
    assert spelled(InvalidRequest("x", param="strength")).param == "strength"
    assert spelled(InvalidRequest("x")).param is None


def test_a_picture_says_what_it_was_made_of_and_where_its_time_went() -> None:
    timing = Timing(queue_s=1.0, encode_s=0.5, denoise_s=2.0, decode_s=0.25, rows_per_step=3.5)
    pixels = np.zeros((16, 32, 3), dtype=np.uint8)
    made = drawn(GeneratedImage(pixels, request_of(SETTINGS, 0), SchedulerName.UNIPC, 4, timing), toy_image_card())
    assert made.pixels is pixels
    assert (made.facts.scheduler, made.facts.steps, made.facts.evaluations) == ("unipc", 4, 4)
    assert made.facts.stages == {"queue": 1.0, "encode": 0.5, "denoise": 2.0, "decode": 0.25}
    assert (made.facts.model, made.facts.rows_per_step) == ("toy-image", 3.5)
    assert made.facts.prompt_match is None


def test_a_picture_says_how_much_of_its_prompt_was_understood() -> None:
    timing = Timing(queue_s=0.0, encode_s=0.0, denoise_s=1.0, decode_s=0.0, rows_per_step=1.0)
    pixels = np.zeros((16, 32, 3), dtype=np.uint8)
    image = GeneratedImage(pixels, request_of(replace(SETTINGS, prompt="a feline"), 0), SchedulerName.UNIPC, 4, timing)
    made = drawn(image, toy_image_card(), KnownWords({"feline": ("cat", 0.6)}, frozenset({"a"})))
    assert made.facts.prompt_match == PromptMatch(0.6, ("cat",))
