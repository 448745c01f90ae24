"""The most that this machine can do: no server, all texts known beforehand, sorted by length."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from benchmarks.embeddings.measure import Corpus
from benchmarks.harness.machine import CORES
from benchmarks.model import embed_sorted, load_embedder
from ekiben.runtimes.text_embedding import TextEmbedding

BATCHES = (1, 2, 4, 8, 16, 32)
_CHUNK = 256


@dataclass(slots=True)
class Ceiling:
    """The model in this process, with as many session threads as there are cores.

    Attributes:
        batch: The best batch size, once calibrated.
        tried: Texts a second, by batch size.
    """

    model: TextEmbedding
    batch: int
    tried: dict[int, float]

    def per_second(self, corpus: Corpus, seed: int, seconds: float) -> float:
        """Texts a second, tokenization included, over whole chunks until the time is up."""
        return _rate(partial(embed_sorted, self.model, batch=self.batch), corpus, seed, seconds)


def calibrate(corpus: Corpus, seconds: float) -> Ceiling:
    """Try every batch size for a while and take the best."""
    model = load_embedder(CORES)
    model.warm_up()
    tried = {size: _rate(partial(embed_sorted, model, batch=size), corpus, 0, seconds) for size in BATCHES}
    return Ceiling(model, max(tried, key=lambda size: tried[size]), tried)


def two_calls_at_once(corpus: Corpus, batch: int, seconds: float) -> float:
    """For information: the same with one session thread, and a call on every core."""
    model = load_embedder(1)

    def embed(texts: list[str]) -> None:
        shares = [texts[part::CORES] for part in range(CORES)]
        list(pool.map(partial(embed_sorted, model, batch=batch), shares))

    with ThreadPoolExecutor(CORES) as pool:
        return _rate(embed, corpus, 0, seconds)


def _rate(embed: Callable[[list[str]], object], corpus: Corpus, seed: int, seconds: float) -> float:
    order = corpus.order(seed)
    done, started = 0, time.perf_counter()
    while (spent_s := time.perf_counter() - started) < seconds:
        chosen = [order[(done + offset) % len(order)] for offset in range(_CHUNK)]
        embed([corpus.texts[index] for index in chosen])
        done += _CHUNK
    return done / spent_s
