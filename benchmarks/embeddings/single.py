"""One caller: what the gateway adds to the model's own time, text by text in turns."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from statistics import median

from benchmarks.ekiben_server import embedding_request, stages_ms
from benchmarks.harness.http1 import BlockingConnection
from benchmarks.model import EMBEDDER, load_embedder, planned_threads, tokens_of

_WARM_UP = 20


@dataclass(frozen=True, slots=True)
class Single:
    """Medians in milliseconds; `added` is the median of the differences, `around` of the server's own share of it."""

    in_process_ms: float
    gateway_ms: float
    added_ms: float
    around_ms: float


def measure_single(port: int, texts: list[str], count: int) -> Single:
    """Ask `count` texts, each in process and through the gateway, in a random order of the two."""
    model = load_embedder(planned_threads(EMBEDDER))
    connection = BlockingConnection(port)
    draw = random.Random(1)
    inside: list[float] = []
    outside: list[float] = []
    around: list[float] = []

    def in_process(text: str) -> None:
        started = time.perf_counter()
        model.infer([tokens_of(model, text)])
        inside.append((time.perf_counter() - started) * 1_000)

    def through_gateway(text: str) -> None:
        request = embedding_request(text)
        started = time.perf_counter()
        reply = connection.ask(request)
        outside.append((time.perf_counter() - started) * 1_000)
        assert reply.status == 200, reply.body
        around.append(outside[-1] - stages_ms(reply).get("compute", 0.0))

    for text in draw.choices(texts, k=_WARM_UP + count):
        for way in draw.sample((in_process, through_gateway), 2):
            way(text)
    connection.close()
    inside, outside, around = inside[_WARM_UP:], outside[_WARM_UP:], around[_WARM_UP:]
    added = [after - before for before, after in zip(inside, outside, strict=True)]
    return Single(median(inside), median(outside), median(added), median(around))
