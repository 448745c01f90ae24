"""Yahoo's Open NSFW: the probability that a picture is pornographic."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from PIL import Image

from ekiben.cards.moderation import OpenNsfw as How
from ekiben.inference.tensors import Tensor
from ekiben.runtimes.moderation.classifier import Prepared, Scores
from ekiben.runtimes.onnx_session import OnnxSession

SIDE: Final = 224
_RESIZED: Final = 256
_BLUE_GREEN_RED_MEAN: Final = (104.0, 117.0, 123.0)
_JPEG_QUALITY: Final = 75  # what Pillow writes unless told otherwise, as the pictures for training were


class OpenNsfw:
    """See `Classifier`.

    Args:
        how: The card's section.
        session: `float32 [n, 224, 224, 3]` → `[n, 2]`: safe, not safe.
    """

    def __init__(self, how: How, session: OnnxSession) -> None:
        self._how, self._session = how, session

    def prepare(self, content: Image.Image) -> Prepared:
        """Make the pixels that the network was trained on."""
        return Prepared(to_pixels(content), self._how.cost)

    def infer(self, payloads: Sequence[Any]) -> Sequence[Scores]:
        """Judge a batch of float32 [224, 224, 3]."""
        probabilities = self._session.run({self._session.input_names[0]: np.stack(payloads)})[0][:, 1].tolist()
        category = self._how.categories["nsfw"]
        return [{category: min(1.0, max(0.0, score))} for score in probabilities]


def to_pixels(picture: Image.Image) -> Tensor:
    """Resize to a square, whatever the proportions, write and read it as JPEG, cut the centre, subtract the mean.

    The detour over JPEG is part of how the network's training pictures were made; without it scores shift.

    Args:
        picture: RGB.

    Returns:
        float32 [224, 224, 3], blue first.
    """
    written = io.BytesIO()
    picture.resize((_RESIZED, _RESIZED), Image.Resampling.BILINEAR).save(written, "JPEG", quality=_JPEG_QUALITY)
    pixels = np.asarray(Image.open(written, formats=("JPEG",)).convert("RGB"), dtype=np.float32)
    edge = (_RESIZED - SIDE) // 2
    centre = pixels[edge : edge + SIDE, edge : edge + SIDE, ::-1]
    return centre - np.array(_BLUE_GREEN_RED_MEAN, dtype=np.float32)
