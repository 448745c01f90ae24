"""One peer under load for one round: rate, latency, correctness, and who took the processors."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.ekiben_server import stages_ms
from benchmarks.embeddings.peers import Peer
from benchmarks.harness.child import run_load
from benchmarks.harness.http1 import Reply
from benchmarks.harness.load import ClosedPlan, Sample, closed_loop
from benchmarks.harness.numbers import percentile
from benchmarks.harness.processes import Server
from benchmarks.harness.resources import busy_seconds, cpu_seconds
from ekiben.inference.tensors import Tensor

CALLERS = 64
LEAST_COSINE = 0.999


@dataclass(frozen=True, slots=True)
class Corpus:
    """The texts, and the vectors they must give."""

    texts: list[str]
    vectors: Tensor

    def order(self, seed: int) -> list[int]:
        """The texts in an order of this round's own, the same for all peers of the round."""
        order = list(range(len(self.texts)))
        random.Random(seed).shuffle(order)
        return order


@dataclass(frozen=True, slots=True)
class Span:
    """How long a round lasts for one peer."""

    warm_up_s: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Round:
    """What one peer did in one round; CPU in milliseconds of one core for each request answered.

    `others_share`: of all cores, what processes took that have no part in the benchmark; near 0 on a quiet machine.
    """

    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    faults: list[str]
    generator_share: float = 0.0
    others_share: float = 0.0
    cpu_ms: dict[str, float] = field(default_factory=dict)
    stages_ms: dict[str, float] = field(default_factory=dict)


def measure(peer: Peer, server: Server, corpus: Corpus, seed: int, span: Span) -> Round:
    """Put the server under load; it must be the only one that runs."""
    requests = [peer.request(text) for text in corpus.texts]
    plan = ClosedPlan(server.port, requests, corpus.order(seed), CALLERS, span.warm_up_s, span.seconds)
    before, busy_before = cpu_seconds(server.tree()), busy_seconds()
    outcome = run_load(closed_loop, plan)
    after, busy_after = cpu_seconds(server.tree()), busy_seconds()
    window = outcome.result
    counted = [s for s in window.samples if window.opened <= s.ended < window.closed]
    took_ms = [(sample.ended - sample.started) * 1_000 for sample in counted]
    all_requests = max(1, len(window.samples))
    cpu_ms = {name: (after[name] - before.get(name, 0.0)) * 1_000 / all_requests for name in after}
    span_s = window.closed - window.opened
    ours_s = sum(after.values()) - sum(before.values()) + outcome.cpu_share * (span_s + span.warm_up_s)
    others_s = max(0.0, busy_after - busy_before - ours_s)
    cpu_ms["load generator"] = outcome.cpu_share * (span_s + span.warm_up_s) * 1_000 / all_requests
    return Round(
        per_second=len(counted) / span_s,
        p50_ms=percentile(took_ms, 0.5),
        p95_ms=percentile(took_ms, 0.95),
        p99_ms=percentile(took_ms, 0.99),
        faults=_faults(peer, window.samples, corpus),
        generator_share=outcome.cpu_share,
        others_share=others_s / (span_s + span.warm_up_s) / (os.cpu_count() or 1),
        cpu_ms=cpu_ms,
        stages_ms=_stages([sample.reply for sample in counted if sample.reply], took_ms),
    )


def _faults(peer: Peer, samples: Sequence[Sample], corpus: Corpus) -> list[str]:
    """What is wrong with any answer; after the clock has stopped, every one is read."""
    faults = []
    for sample in samples:
        if sample.reply is None or sample.reply.status != 200:
            faults.append(sample.outcome)
            continue
        vector = peer.read(sample.reply)
        expected = corpus.vectors[sample.which]
        if vector.shape != expected.shape:
            faults.append(f"{vector.shape} floats")
        elif float(vector @ expected) < LEAST_COSINE:
            faults.append(f"cosine {float(vector @ expected):.4f}")
    return faults


def _stages(replies: Sequence[Reply], took_ms: Sequence[float]) -> dict[str, float]:
    found = [stages for reply in replies if (stages := stages_ms(reply))]
    if not found:
        return {}
    medians = {name: median(stages.get(name, 0.0) for stages in found) for name in found[0]}
    return {**medians, "client": median(took_ms)}
