"""What a frozen picture classifier sees in a picture; it knows nothing of emoji, nor of the model that it judges."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image

from ekiben.cards.card import Card
from ekiben.cards.catalogue import load_card
from ekiben.errors import ConfigurationError
from ekiben.settings import Settings
from ekiben.weights.bento_store import ModelStore

_CARD = Path("models/image-classification/efficientnet-lite0.yaml")
_BATCH = 16

Array = np.ndarray[Any, np.dtype[np.float32]]


class Judge:
    """EfficientNet-Lite0 as the platform serves it.

    Attributes:
        labels: Names of its 1,000 classes.
    """

    def __init__(self) -> None:
        card = load_card(_CARD)
        if card.preprocess is None or card.labels_path is None:
            raise ConfigurationError(f"{_CARD} states no preprocessing or no labels.")
        self._preprocess = card.preprocess
        self._session = _session(card)
        self.labels = card.labels_path.read_text(encoding="utf-8").splitlines()

    def probabilities(self, pictures: Sequence[Image.Image]) -> Array:
        """[n, 1000]."""
        name = self._session.get_inputs()[0].name
        prepared = [self._prepare(picture) for picture in pictures]
        found = [
            self._session.run(None, {name: np.stack(prepared[start : start + _BATCH])})[0]
            for start in range(0, len(prepared), _BATCH)
        ]
        return np.concatenate(found)

    def features(self, pictures: Sequence[Image.Image]) -> Array:
        """[n, 1000]: the logarithms of the probabilities, which say more of a picture than the few likely classes."""
        found: Array = np.log(self.probabilities(pictures) + 1e-6)
        return found

    def _prepare(self, picture: Image.Image) -> Array:
        side = self._preprocess.crop
        resized = np.asarray(picture.convert("RGB").resize((side, side), Image.Resampling.BICUBIC), dtype=np.float32)
        scaled = (resized / 255 - np.array(self._preprocess.mean)) / np.array(self._preprocess.std)
        return np.ascontiguousarray(scaled.transpose(2, 0, 1), dtype=np.float32)


def _session(card: Card) -> Any:
    path = ModelStore(Settings().bentoml_home.expanduser()).path(card.tag) / "model.onnx"
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
