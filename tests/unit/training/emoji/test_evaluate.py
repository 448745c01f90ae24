from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from training.emoji.evaluate import colours, named_colour
from training.emoji.questions import Question


def _disc(ink: str) -> Image.Image:
    image = Image.new("RGB", (64, 64), "white")
    ImageDraw.Draw(image).ellipse((8, 8, 56, 56), fill=ink)
    return image


@pytest.mark.parametrize(
    ("ink", "named"),
    [("#d01010", "red"), ("#2060e0", "blue"), ("#10b020", "green"), ("#e8c010", "yellow"), ("#888888", None)],
)
def test_the_colour_of_what_is_not_white_is_named(ink: str, named: str | None) -> None:
    assert named_colour(_disc(ink)) == named


def test_a_white_picture_has_no_colour() -> None:
    assert named_colour(Image.fromarray(np.full((64, 64, 3), 255, dtype=np.uint8))) is None


def test_colours_are_counted() -> None:
    asked = [Question("a red car", 0, "vehicles", "red"), Question("a blue car", 0, "vehicles", "blue")]
    scores = colours(asked, [_disc("#d01010"), _disc("#10b020")])
    assert scores["obeyed"] == 0.5
    assert scores["by colour"] == {"red": 1.0, "blue": 0.0}
