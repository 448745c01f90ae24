"""The comparison: rounds in which every peer has its turn, in an order of the round's own."""

from __future__ import annotations

import contextlib
import math
import random
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.embeddings import peers
from benchmarks.embeddings.ceiling import Ceiling, calibrate, two_calls_at_once
from benchmarks.embeddings.measure import Corpus, Round, Span, measure
from benchmarks.embeddings.peers import POOLS, Peer, Pool
from benchmarks.embeddings.single import Single, measure_single
from benchmarks.embeddings.tables import Findings, fill
from benchmarks.harness.machine import CORES
from benchmarks.harness.processes import Server, running
from benchmarks.harness.report import Report
from benchmarks.model import embed_sorted, load_embedder
from benchmarks.texts import make_texts


class Sizes(NamedTuple):
    """How much of everything."""

    texts: int
    rounds: int
    span: Span
    try_s: float
    single: int


_WHOLE = Sizes(texts=1_024, rounds=6, span=Span(3.0, 10.0), try_s=4.0, single=400)
_QUICK = Sizes(texts=256, rounds=1, span=Span(1.0, 3.0), try_s=1.0, single=30)


def run(*, quick: bool) -> Report:
    """Measure and report."""
    sizes = _QUICK if quick else _WHOLE
    texts = make_texts(sizes.texts)
    corpus = Corpus(texts, embed_sorted(load_embedder(CORES), texts))
    report = Report("embeddings", "Embeddings: requests a second on two cores", quick)
    ceiling = calibrate(corpus, sizes.try_s)
    parallel = two_calls_at_once(corpus, ceiling.batch, sizes.try_s)
    pool, tried = _best_pool(corpus, sizes)
    with contextlib.ExitStack() as stack:
        found = [peers.ekiben(), peers.bentoml(), peers.fastapi(pool)]
        servers = {peer.name: (peer, stack.enter_context(running(peer.command))) for peer in found}
        for _, server in servers.values():
            server.pause()
        rounds = [_round(servers, ceiling, corpus, number, sizes.span) for number in range(sizes.rounds)]
        single = _single(servers["ekiben"][1], texts, sizes.single)
    fill(report, Findings(rounds, single, ceiling, parallel, pool, tried))
    return report


def _best_pool(corpus: Corpus, sizes: Sizes) -> tuple[Pool, dict[Pool, float]]:
    tried = {}
    for pool in POOLS:
        peer = peers.fastapi(pool)
        with running(peer.command) as server:
            tried[pool] = measure(peer, server, corpus, 0, Span(1.0, sizes.try_s)).per_second
    return max(tried, key=lambda pool: tried[pool]), tried


def _round(
    servers: dict[str, tuple[Peer, Server]], ceiling: Ceiling, corpus: Corpus, number: int, span: Span
) -> dict[str, Round]:
    """Every peer once, the others stopped meanwhile."""
    results: dict[str, Round] = {}
    for name in random.Random(number).sample(["ceiling", *servers], len(servers) + 1):
        if name == "ceiling":
            per_second = ceiling.per_second(corpus, number, span.seconds)
            results[name] = Round(per_second, math.nan, math.nan, math.nan, faults=[])
            continue
        peer, server = servers[name]
        with _awake(server):
            results[name] = measure(peer, server, corpus, number, span)
    return results


def _single(server: Server, texts: list[str], count: int) -> Single:
    with _awake(server):
        return measure_single(server.port, texts, count)


@contextlib.contextmanager
def _awake(server: Server) -> Iterator[None]:
    server.resume()
    try:
        server.wait_ready()
        yield
    finally:
        server.pause()
