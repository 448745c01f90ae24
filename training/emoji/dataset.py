"""All pictures as latents, computed once: every concept in its own colours, and in others where it has one to turn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.emoji import linear_code
from training.emoji.concepts import Concept
from training.emoji.linear_code import LinearCode
from training.emoji.pictures import find_drawings, on_white, read_drawing
from training.emoji.recolour import COLOURS, dominant_hue, recolour

_NOT_RECOLOURED = {"faces", "people"}


@dataclass(frozen=True, slots=True)
class Dataset:
    """Pictures of concepts.

    Attributes:
        pictures: [n, 3, 128, 128] uint8, on white.
        concept: [n], indices of the concepts.
        colour: [n], indices of the colours, -1 for its own.
        rows: Of each concept the rows of its pictures, the one in its own colours first.
    """

    pictures: Tensor
    concept: list[int]
    colour: list[int]
    rows: list[list[int]]

    def floats(self, rows: slice | list[int] = slice(None)) -> Tensor:
        """Some pictures, from -1 to 1."""
        return self.pictures[rows].float() / 127.5 - 1

    def latents(self, code: LinearCode) -> Tensor:
        """[n, 12, 16, 16]."""
        return torch.cat([code.encode(part.float() / 127.5 - 1) for part in torch.split(self.pictures, 256)])


def read_dataset(concepts: list[Concept], folder: Path) -> Dataset:
    """Read and recolour the drawings of some concepts.

    Raises:
        KeyError: One has no drawing.
    """
    drawings = find_drawings(folder)
    pictures: list[Tensor] = []
    owners: list[int] = []
    colours: list[int] = []
    rows: list[list[int]] = []
    for index, concept in enumerate(concepts):
        drawing = read_drawing(drawings[concept.code])
        variants = [(-1, drawing)]
        if concept.category not in _NOT_RECOLOURED and dominant_hue(drawing) is not None:
            variants += [(number, recolour(drawing, name)) for number, name in enumerate(COLOURS)]
        rows.append(list(range(len(pictures), len(pictures) + len(variants))))
        for number, variant in variants:
            bytes_ = ((on_white(variant) + 1) * 127.5).round().clip(0, 255).astype(np.uint8)
            pictures.append(torch.from_numpy(bytes_))
            owners.append(index)
            colours.append(number)
    return Dataset(torch.stack(pictures), owners, colours, rows)


def fit_code(dataset: Dataset) -> LinearCode:
    """The linear code of the pictures in their own colours and of a fifth of the others."""
    own = [rows[0] for rows in dataset.rows]
    others = [row for rows in dataset.rows for row in rows[1:]][::5]
    return linear_code.fit(dataset.floats(own + others))
