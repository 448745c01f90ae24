"""The models as the platform runs them, in this process: the same card, weights and session options."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ekiben.cards.card import Card
from ekiben.cards.catalogue import load_catalogue
from ekiben.devices.machine import measure_machine
from ekiben.devices.planner import make_plan
from ekiben.inference.tensors import Tensor, bytes_tensor
from ekiben.runtimes.image_classification import ImageClassification
from ekiben.runtimes.text_embedding import TextEmbedding
from ekiben.settings import load_settings
from ekiben.weights.bento_store import ModelStore

EMBEDDER = "all-minilm-l6-v2"
CLASSIFIER = "efficientnet-lite0"
GENERATOR = "smollm2-135m-instruct"
_MODELS = Path(__file__).resolve().parents[1] / "models"
_BATCH = 16


@dataclass(frozen=True, slots=True)
class Found:
    """A card and the folder of its weights."""

    card: Card
    files: Path


def find(name: str) -> Found:
    """The card of that name, its weights pulled before."""
    card = load_catalogue(_MODELS).select((name,))[0]
    return Found(card, ModelStore(load_settings().bentoml_home).path(card.tag))


def planned_threads(name: str) -> int:
    """CPU threads that `ekiben serve --only NAME` gives the model on these cores."""
    card = find(name).card
    return make_plan([card], measure_machine(load_settings())).of(name).threads


def load_embedder(threads: int) -> TextEmbedding:
    """The sentence encoder."""
    found = find(EMBEDDER)
    return TextEmbedding(found.card, found.files, threads)


def load_classifier(threads: int) -> ImageClassification:
    """The picture classifier."""
    found = find(CLASSIFIER)
    return ImageClassification(found.card, found.files, threads)


def tokens_of(model: TextEmbedding, text: str) -> Tensor:
    """One text's token ids, as the worker prepares them."""
    ids: Tensor = model.prepare({"text": bytes_tensor([text.encode()])})[0].payload
    return ids


def embed_sorted(model: TextEmbedding, texts: list[str], batch: int = _BATCH) -> Tensor:
    """All texts, tokenized, sorted by length, in batches of so many; the vectors in the order of the texts."""
    payloads = [tokens_of(model, text) for text in texts]
    order = sorted(range(len(texts)), key=lambda index: len(payloads[index]))
    vectors = np.empty((len(texts), model.card.inputs.dimensions or 0), np.float32)
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        vectors[chosen] = model.infer([payloads[index] for index in chosen])
    return vectors
