from __future__ import annotations

from training.emoji.prepared import Prepared
from training.emoji.recolour import COLOURS


def test_every_concept_has_its_own_colours_first(prepared: Prepared) -> None:
    assert [prepared.dataset.colour[rows[0]] for rows in prepared.dataset.rows] == [-1] * 4
    assert [prepared.dataset.concept[row] for row in prepared.dataset.rows[2]] == [2] * (1 + len(COLOURS))


def test_faces_and_what_has_no_hue_are_not_recoloured(prepared: Prepared) -> None:
    assert [len(rows) for rows in prepared.dataset.rows] == [8, 8, 8, 1]


def test_the_recoloured_pictures_differ(prepared: Prepared) -> None:
    pictures = prepared.dataset.floats(prepared.dataset.rows[0])
    red, blue = pictures[1 + list(COLOURS).index("red")], pictures[1 + list(COLOURS).index("blue")]
    assert red[0].mean() > red[2].mean()
    assert blue[2].mean() > blue[0].mean()
