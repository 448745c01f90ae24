from __future__ import annotations

import numpy as np
import pytest

from training.emoji.recolour import COLOURS, Picture, dominant_hue, recolour


def _disc(ink: tuple[int, int, int], leaf: tuple[int, int, int] | None = None) -> Picture:
    picture = np.zeros((32, 32, 4), dtype=np.uint8)
    picture[4:28, 4:28] = (*ink, 255)
    if leaf:
        picture[4:8, 4:12] = (*leaf, 255)
    return picture


@pytest.mark.parametrize("colour", COLOURS)
def test_a_picture_gets_the_hue_that_a_word_names(colour: str) -> None:
    found = dominant_hue(recolour(_disc((200, 40, 30)), colour))
    assert found is not None
    assert abs((found - COLOURS[colour] + 180) % 360 - 180) < 8


def test_what_has_another_hue_keeps_it() -> None:
    turned = recolour(_disc((200, 40, 30), leaf=(30, 200, 40)), "blue")
    assert turned[5, 5, 1] > turned[5, 5, 2]
    assert turned[20, 20, 2] > turned[20, 20, 0]


def test_opacity_and_grey_stay() -> None:
    picture = _disc((200, 40, 30), leaf=(90, 90, 90))
    turned = recolour(picture, "green")
    assert (turned[..., 3] == picture[..., 3]).all()
    assert abs(turned[5, 5, :3].astype(int) - 90).max() <= 2


def test_what_is_grey_or_of_many_hues_has_none_to_turn() -> None:
    assert dominant_hue(_disc((120, 120, 120))) is None
    stripes = _disc((220, 30, 30))
    stripes[12:20, 4:28, :3] = (30, 220, 30)
    stripes[20:28, 4:28, :3] = (30, 30, 220)
    assert dominant_hue(stripes) is None
    with pytest.raises(ValueError, match="no dominant hue"):
        recolour(stripes, "red")
