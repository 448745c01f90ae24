"""Numbers about a trained model that are hard to come by without being able to draw.

Retrieval: is the training picture that a drawing is nearest to, in the eyes of a frozen classifier, one of what was
asked for? Labels: do the classes that the classifier names mean what was asked for, in the eyes of a sentence encoder?
Colours: is the hue the one asked for? Each is given for the model's drawings, for the training pictures themselves
after a round through the autoencoder, which is about the best there can be, and for chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from training.emoji import questions
from training.emoji.judge import Array, Judge
from training.emoji.prepared import Prepared
from training.emoji.questions import Question
from training.emoji.recolour import COLOURS, dominant_hue
from training.emoji.schedulers import offered
from training.emoji.sheet import draw
from training.emoji.words import Meanings

_TOP_LABELS = 10
_NOT_WHITE = 243
_SAMPLER_QUESTIONS = 32

Scores = dict[str, Any]


class Evaluation:
    """Judges pictures of questions.

    Args:
        prepared: What was trained on.
        judge: The classifier.
        meanings: The sentence encoder.
        redrawn: The training pictures in their own colours, after a round through the autoencoder.
    """

    def __init__(self, prepared: Prepared, judge: Judge, meanings: Meanings, redrawn: Sequence[Image.Image]) -> None:
        self._judge = judge
        own = [rows[0] for rows in prepared.dataset.rows]
        originals = [_image(prepared.dataset.pictures[row]) for row in own]
        self._mean = judge.features(originals).mean(0)
        self._known = self._directions(originals)
        self._redrawn = redrawn
        labels = meanings(judge.labels).numpy()
        self._label_mean = labels.mean(0)
        self._labels = labels - self._label_mean
        concepts = meanings([concept.names[0] for concept in prepared.concepts]).numpy()
        self._concepts = _unit(concepts - concepts.mean(0))

    def score(self, asked: Sequence[Question], pictures: Sequence[Image.Image]) -> Scores:
        """Retrieval and labels of some drawings, together and by category."""
        ceiling = [self._redrawn[question.concept] for question in asked]
        scores = {**self._hits(asked, pictures), "training pictures": self._hits(asked, ceiling)}
        chance = {f"top {count}": round(count / len(self._known), 4) for count in (1, 5)}
        categories = sorted({question.category for question in asked})
        parts = {name: [index for index, one in enumerate(asked) if one.category == name] for name in categories}
        scores["by category"] = {
            name: self._hits([asked[index] for index in part], [pictures[index] for index in part])
            for name, part in parts.items()
        }
        return {"drawings": len(asked), **scores, "chance": {"retrieval": chance, "labels": chance}}

    def retrieval(self, asked: Sequence[Question], pictures: Sequence[Image.Image]) -> Scores:
        """The share of drawings whose nearest training pictures show what was asked for."""
        return _top((self._directions(pictures) @ self._known.T), asked)

    def _hits(self, asked: Sequence[Question], pictures: Sequence[Image.Image]) -> Scores:
        return {"retrieval": self.retrieval(asked, pictures), "labels": _top(self._named(pictures), asked)}

    def _directions(self, pictures: Sequence[Image.Image]) -> Array:
        return _unit(self._judge.features(pictures) - self._mean)

    def _named(self, pictures: Sequence[Image.Image]) -> Array:
        probabilities = self._judge.probabilities(pictures)
        least = np.sort(probabilities, axis=1)[:, -_TOP_LABELS, None]
        return _unit((probabilities * (probabilities >= least)) @ self._labels) @ self._concepts.T


def colours(asked: Sequence[Question], pictures: Sequence[Image.Image]) -> Scores:
    """The share of drawings whose hue is nearer to the colour asked for than to any other that there is a word for."""
    seen = [named_colour(picture) for picture in pictures]
    by_colour = {
        name: [found == name for question, found in zip(asked, seen, strict=True) if question.colour == name]
        for name in COLOURS
    }
    obeyed = [one for hits in by_colour.values() for one in hits]
    return {
        "drawings": len(obeyed),
        "obeyed": _share(obeyed),
        "chance": round(1 / len(COLOURS), 3),
        "by colour": {name: _share(hits) for name, hits in by_colour.items() if hits},
    }


def named_colour(picture: Image.Image) -> str | None:
    """The colour word for what is not white in a picture; None if it has no hue, or many."""
    pixels = np.asarray(picture.convert("RGB"))
    opacity = np.where(pixels.min(-1, keepdims=True) < _NOT_WHITE, 255, 0).astype(np.uint8)
    hue = dominant_hue(np.concatenate([pixels, opacity], axis=-1))
    if hue is None:
        return None
    return min(COLOURS, key=lambda name: abs((hue - COLOURS[name] + 180) % 360 - 180))


def samplers(pipeline: StableDiffusionPipeline, prepared: Prepared, evaluation: Evaluation) -> Scores:
    """Retrieval of some common nouns by the other schedulers, and with other numbers of steps."""
    asked = questions.names(prepared)[:: max(1, len(questions.names(prepared)) // _SAMPLER_QUESTIONS)]
    own = pipeline.scheduler
    found: Scores = {}
    for name, scheduler in offered(own).items():
        pipeline.scheduler = scheduler
        for steps in (8, 12, 20, 30) if name == "ddim" else (8, 20):
            drawn = draw(pipeline, [question.prompt for question in asked], steps=steps)
            found[f"{name}, {steps} steps"] = evaluation.retrieval(asked, drawn)
    pipeline.scheduler = own
    return found


@torch.inference_mode()
def redraw(pipeline: StableDiffusionPipeline, prepared: Prepared) -> list[Image.Image]:
    """The training pictures in their own colours after a round through the autoencoder."""
    own = [rows[0] for rows in prepared.dataset.rows]
    found: list[Image.Image] = []
    for start in range(0, len(own), 16):
        latents = pipeline.vae.encode(prepared.dataset.floats(own[start : start + 16])).latent_dist.mode()
        decoded = pipeline.vae.decode(latents).sample
        found += [_image(((one + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)) for one in decoded]
    return found


def evaluate(pipeline: StableDiffusionPipeline, prepared: Prepared, judge: Judge, meanings: Meanings) -> Scores:
    """All of it, as JSON."""
    redrawn = redraw(pipeline, prepared)
    evaluation = Evaluation(prepared, judge, meanings, redrawn)
    scores: Scores = {"concepts": len(prepared.concepts), "autoencoder psnr": _psnr(prepared, redrawn)}
    for title, asked in (
        ("names", questions.names(prepared)),
        ("unseen ways of asking", questions.unseen_ways(prepared)),
        ("paraphrases", questions.paraphrases(prepared)),
        ("near words", questions.near_words(prepared)),
    ):
        scores[title] = evaluation.score(asked, draw(pipeline, [question.prompt for question in asked]))
    asked = questions.unseen_colours(prepared)
    scores["unseen colours"] = {
        **colours(asked, draw(pipeline, [question.prompt for question in asked])),
        "training pictures": colours(asked, [_recoloured(prepared, question) for question in asked])["obeyed"],
    }
    scores["samplers"] = samplers(pipeline, prepared, evaluation)
    return scores


def _recoloured(prepared: Prepared, question: Question) -> Image.Image:
    wanted = list(COLOURS).index(question.colour or "")
    rows = prepared.dataset.rows[question.concept]
    return _image(prepared.dataset.pictures[next(row for row in rows if prepared.dataset.colour[row] == wanted)])


def _psnr(prepared: Prepared, redrawn: Sequence[Image.Image]) -> float:
    errors = [
        np.square(prepared.dataset.pictures[rows[0]].permute(1, 2, 0).numpy() / 255 - np.asarray(picture) / 255).mean()
        for rows, picture in zip(prepared.dataset.rows, redrawn, strict=True)
    ]
    return round(float(np.mean(-10 * np.log10(errors))), 2)


def _top(likeness: Array, asked: Sequence[Question]) -> Scores:
    own = likeness[np.arange(len(asked)), [question.concept for question in asked]]
    ranks = (likeness > own[:, None]).sum(1)
    return {f"top {count}": _share(list(ranks < count)) for count in (1, 5)}


def _share(hits: Sequence[Any]) -> float:
    return round(sum(map(bool, hits)) / max(1, len(hits)), 3)


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6), dtype=np.float32)


def _image(picture: torch.Tensor) -> Image.Image:
    return Image.fromarray(picture.permute(1, 2, 0).numpy())
