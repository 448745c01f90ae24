from __future__ import annotations

from pathlib import Path

import numpy as np

from training.emoji.pictures import SIDE, find_drawings, on_white, read_drawing


def test_a_drawing_fills_its_square_up_to_the_margin(drawings: Path) -> None:
    found = find_drawings(drawings)
    assert set(found) == {"1f34e", "1f955", "1f697", "1f47b"}
    picture = read_drawing(found["1f34e"])
    assert picture.shape == (SIDE, SIDE, 4)
    rows, columns = np.nonzero(picture[..., 3] > 128)
    assert (rows.min(), rows.max()) == (4, SIDE - 5)
    assert (columns.min(), columns.max()) == (4, SIDE - 5)


def test_what_is_transparent_is_white(drawings: Path) -> None:
    picture = on_white(read_drawing(find_drawings(drawings)["1f34e"]))
    assert picture.shape == (3, SIDE, SIDE)
    assert (picture[:, 0, 0] == 1).all()
    assert picture[0, 90, 64] > picture[2, 90, 64]
