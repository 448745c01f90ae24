"""Picture classification on ONNX Runtime: resize, crop, normalise, one probability a class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from ekiben.cards.card import Card, Preprocess
from ekiben.errors import CardError
from ekiben.inference.model import Item
from ekiben.inference.tensors import Signature, Tensor, Tensors, TensorSpec
from ekiben.runtimes.classes import read_labels
from ekiben.runtimes.onnx_session import OnnxSession
from ekiben.runtimes.pictures import open_picture
from ekiben.runtimes.requests import rows_of

_DEFAULT_MAX_PIXELS: Final = 25_000_000
_FILTERS: Final = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


class ImageClassification:
    """Encoded pictures or prepared pixels in, one probability a class out.

    Args:
        card: The model card; `preprocess` says how a picture becomes the model's input.
        files: Folder with `model.onnx`: float32 [n, 3, crop, crop] → probabilities [n, classes].
        threads: CPU threads for the session.

    Raises:
        WeightsError: The graph cannot be loaded.
        CardError: The card has no `preprocess` or no labels.
    """

    def __init__(self, card: Card, files: Path, threads: int) -> None:
        if card.preprocess is None:
            raise CardError(f"{card.name}: preprocess is required")
        self.card = card
        self._preprocess = card.preprocess
        self._session = OnnxSession(files / "model.onnx", card.session, threads)
        self.device = self._session.device
        self.labels = read_labels(card)
        side = card.preprocess.crop
        self.signature = Signature(
            inputs=(TensorSpec("image", "BYTES", (-1,)), TensorSpec("pixels", "FP32", (-1, 3, side, side))),
            outputs=(TensorSpec("probabilities", "FP32", (-1, len(self.labels))),),
        )

    def is_light(self, inputs: Tensors) -> bool:
        """Pixels are; a file of a few bytes may hold millions of them."""
        return "image" not in inputs

    def prepare(self, inputs: Tensors) -> Sequence[Item]:
        """Decode `image` (BYTES [n], each a JPEG, PNG or WebP file) or take `pixels` (FP32 [n, 3, side, side]).

        Raises:
            InvalidRequest: Not a picture, damaged, too large, or the wrong shape.
        """
        spec, rows = rows_of(inputs, self.signature, self.card.inputs.max_items)
        if spec.name == "pixels":
            return [Item(np.ascontiguousarray(row)) for row in rows]
        return [Item(self._decode(bytes(row), _param(index, len(rows)))) for index, row in enumerate(rows)]

    def infer(self, payloads: Sequence[Any]) -> Sequence[Any]:
        """Classify a batch; returns float32 probabilities [classes] for each."""
        return list(self._session.run({self._session.input_names[0]: np.stack(payloads)})[0])

    def finish(self, items: Sequence[Item], results: Sequence[Any]) -> Tensors:  # noqa: ARG002 - the protocol's
        """`probabilities` FP32 [n, classes]."""
        return {"probabilities": np.stack(results)}

    def warm_up(self) -> None:
        """One picture and one full batch."""
        blank = np.zeros((3, self._preprocess.crop, self._preprocess.crop), dtype=np.float32)
        for count in (1, self.card.batch.max_items):
            self.infer([blank] * count)

    def _decode(self, data: bytes, param: str) -> Tensor:
        max_pixels = self.card.inputs.max_pixels or _DEFAULT_MAX_PIXELS
        return to_pixels(open_picture(data, max_pixels=max_pixels, param=param), self._preprocess)


def to_pixels(picture: Image.Image, how: Preprocess) -> Tensor:
    """Resize the shorter side, cut the centre square, scale and normalise.

    Returns:
        float32 [3, crop, crop].
    """
    width, height = picture.size
    scale = how.resize / min(width, height)
    resized_width, resized_height = round(width * scale), round(height * scale)
    left, top = (resized_width - how.crop) // 2, (resized_height - how.crop) // 2
    # The crop is cut by the resize itself: the same pixels as resizing all and then cropping, but only those that stay
    # are computed, so that a picture a thousand times as wide as high costs no more than a square one.
    x, y = width / resized_width, height / resized_height
    box = (left * x, top * y, (left + how.crop) * x, (top + how.crop) * y)
    small = picture.resize((how.crop, how.crop), _FILTERS[how.interpolation], box=box)
    scaled = np.asarray(small, dtype=np.float32) / np.float32(255)
    normalised = (scaled - np.array(how.mean, np.float32)) / np.array(how.std, np.float32)
    return np.ascontiguousarray(normalised.transpose(2, 0, 1))


def _param(index: int, count: int) -> str:
    return "image" if count == 1 else f"image[{index}]"
