"""What an update learns from: pictures drawn by weight, a caption for each, noise for each."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import CLIPTokenizer

from training.emoji.captions import caption
from training.emoji.prepared import Prepared
from training.emoji.recolour import COLOURS
from training.emoji.text_encoder import WIDTH
from training.emoji.tokenizer import LENGTH

_STEPS = 1000


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one update.

    Attributes:
        latents: [n, 12, 16, 16].
        noise: The same shape.
        steps: [n], of the noise schedule.
        tokens: [n, LENGTH].
        blur: [n, LENGTH, WIDTH], the displacement of the words.
    """

    latents: Tensor
    noise: Tensor
    steps: Tensor
    tokens: Tensor
    blur: Tensor

    def tensors(self) -> tuple[Tensor, ...]:
        """All of them, in the order above."""
        return self.latents, self.noise, self.steps, self.tokens, self.blur


class Batches:
    """Draws batches; everything comes from two generators whose states can be kept.

    Args:
        prepared: What there is to draw from.
        tokenizer: For the captions.
        coloured: Share of the pictures shown in another colour, where there is one.
        seed: Of both generators.
    """

    def __init__(self, prepared: Prepared, tokenizer: CLIPTokenizer, *, coloured: float, seed: int) -> None:
        self._prepared = prepared
        self._tokenizer = tokenizer
        self._coloured = coloured
        self._weights = list(itertools.accumulate(concept.weight for concept in prepared.concepts))
        self._colours = list(COLOURS)
        self.chance = random.Random(seed)  # noqa: S311 no secret is drawn
        self.generator = torch.Generator().manual_seed(seed)

    def draw(self, size: int) -> Batch:
        """The next batch."""
        rows, texts = zip(*(self._draw_one() for _ in range(size)), strict=True)
        latents = self._prepared.latents[list(rows)]
        tokens = self._tokenizer(
            list(texts), padding="max_length", truncation=True, max_length=LENGTH, return_tensors="pt"
        )
        return Batch(
            latents=latents,
            noise=torch.randn(latents.shape, generator=self.generator),
            steps=self._spread_steps(size),
            tokens=tokens["input_ids"],
            blur=torch.randn(size, LENGTH, WIDTH, generator=self.generator),
        )

    def _draw_one(self) -> tuple[int, str]:
        concept = self.chance.choices(range(len(self._weights)), cum_weights=self._weights)[0]
        phrases, rows = self._prepared.phrases[concept], self._prepared.dataset.rows[concept]
        if len(rows) > 1 and self.chance.random() < self._coloured:
            taught = [row for row in rows[1:] if self._colour(row) != phrases.held_out_colour]
            row = self.chance.choice(taught)
            return row, caption(phrases, self._colour(row), self.chance)
        return rows[0], caption(phrases, None, self.chance)

    def _colour(self, row: int) -> str:
        return self._colours[self._prepared.dataset.colour[row]]

    def _spread_steps(self, size: int) -> Tensor:
        # One from each part of the schedule: the loss of a batch says more about the weights, less about the draw.
        within = torch.rand(size, generator=self.generator)
        order = torch.randperm(size, generator=self.generator)
        return ((order + within) * (_STEPS / size)).long().clamp_max(_STEPS - 1)
