from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from ekiben.diffusion.request import MAX_SEED, Adapter, ImageRequest, SourceImage
from ekiben.diffusion.schedulers import SchedulerName
from ekiben.errors import InvalidRequest
from tests.unit.diffusion.making import request


def test_it_survives_being_written_down() -> None:
    asked = request(seed=MAX_SEED, scheduler=SchedulerName.UNIPC, adapters=(Adapter(name="ink", weight=0.5),))
    assert ImageRequest.model_validate_json(asked.model_dump_json()) == asked


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": -1},
        {"seed": MAX_SEED + 1},
        {"steps": 0},
        {"width": 0},
        {"guidance_scale": float("nan")},
        {"guidance_scale": float("inf")},
        {"strength": 0.0},
        {"strength": 1.1},
        {"scheduler": "unknown"},
        {"adapters": (Adapter(name="ink"), "x")},
        {"more": 1},
    ],
)
def test_values_out_of_range_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        request(**changes)


@pytest.mark.parametrize(
    ("pixels", "mask", "param"),
    [
        (np.zeros((4, 4), np.uint8), None, "image"),
        (np.zeros((4, 4, 4), np.uint8), None, "image"),
        (np.zeros((4, 4, 3), np.float32), None, "image"),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5), np.uint8), "mask"),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.float32), "mask"),
    ],
)
def test_images_of_another_form_are_refused(pixels: Any, mask: Any, param: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        SourceImage(pixels, mask)
    assert refusal.value.param == param
