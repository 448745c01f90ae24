from __future__ import annotations

import torch

from training.emoji.batches import Batches
from training.emoji.prepared import Prepared
from training.emoji.recolour import COLOURS
from training.emoji.text_encoder import WIDTH
from training.emoji.tokenizer import LENGTH, read_tokenizer


def _batches(prepared: Prepared, seed: int = 1) -> Batches:
    return Batches(prepared, read_tokenizer(prepared.tokenizer), coloured=0.5, seed=seed)


def test_a_seed_decides_everything(prepared: Prepared) -> None:
    for first, second in zip(_batches(prepared).draw(8).tensors(), _batches(prepared).draw(8).tensors(), strict=True):
        assert torch.equal(first, second)
    assert not torch.equal(_batches(prepared).draw(8).noise, _batches(prepared, 2).draw(8).noise)


def test_shapes_and_steps(prepared: Prepared) -> None:
    batch = _batches(prepared).draw(10)
    assert batch.latents.shape == batch.noise.shape == (10, 12, 16, 16)
    assert batch.tokens.shape == (10, LENGTH)
    assert batch.blur.shape == (10, LENGTH, WIDTH)
    # One step from each tenth of the schedule.
    assert sorted((batch.steps // 100).tolist()) == list(range(10))


def test_common_nouns_are_drawn_more_often_and_no_colour_that_is_kept_back(prepared: Prepared) -> None:
    batches = _batches(prepared)
    rows = [row for _ in range(30) for row in _rows(prepared, batches.draw(32).latents)]
    counts = [sum(prepared.dataset.concept[row] == concept for row in rows) for concept in range(4)]
    assert min(counts[0], counts[2]) > 2 * max(counts[1], counts[3])
    shown = {(prepared.dataset.concept[row], prepared.dataset.colour[row]) for row in rows}
    kept_back = {
        (concept, list(COLOURS).index(phrases.held_out_colour))
        for concept, phrases in enumerate(prepared.phrases)
        if phrases.held_out_colour
    }
    assert len(kept_back) == 3
    assert not shown & kept_back
    assert len({colour for _, colour in shown}) > 5


def _rows(prepared: Prepared, latents: torch.Tensor) -> list[int]:
    return [int((prepared.latents - one).abs().amax((1, 2, 3)).argmin()) for one in latents]
