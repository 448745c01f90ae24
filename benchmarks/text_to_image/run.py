"""On CPUs: Ekiben, the same pipeline behind a lock, and BentoML's batching of equal settings, all over HTTP."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch

from benchmarks.harness.machine import CORES
from benchmarks.harness.processes import Server, running
from benchmarks.harness.report import Report
from benchmarks.text_to_image import engine, load, peers
from benchmarks.text_to_image.engine import Pace
from benchmarks.text_to_image.load import Found
from benchmarks.text_to_image.peers import Peer, Published
from benchmarks.text_to_image.random_pipelines import SMALL, TINY, Subject
from benchmarks.text_to_image.tables import Findings, Round, fill
from benchmarks.text_to_image.workload import Ask, asks
from ekiben.diffusion import load_family

_CALLERS = 8
_OFFERED = 0.7  # of the serial server's capacity
_ROWS = 4  # a CPU is full with few


class _Sizes(NamedTuple):
    subject: Subject
    asks: int
    rounds: int
    capacity_s: float
    open_s: float
    closed_s: float
    overhead_asks: int


_WHOLE = _Sizes(SMALL, asks=200, rounds=3, capacity_s=50.0, open_s=110.0, closed_s=20.0, overhead_asks=24)
_QUICK = _Sizes(TINY, asks=40, rounds=1, capacity_s=4.0, open_s=8.0, closed_s=4.0, overhead_asks=8)


def run(*, quick: bool) -> Report:
    """Measure and report."""
    sizes = _QUICK if quick else _WHOLE
    wanted = asks(sizes.subject, sizes.asks)
    report = Report("text_to_image", "Text to image: requests of ten to thirty steps on two cores", quick)
    with peers.published(sizes.subject, rows=_ROWS) as model:
        overhead = _overhead(model, sizes, wanted)
        with contextlib.ExitStack() as stack:
            found = (peers.ekiben(model), peers.serial(model), peers.bentoml(model))
            servers = {peer.command.name: (peer, stack.enter_context(running(peer.command))) for peer in found}
            for peer, server in servers.values():
                load.warm_up(peer, server, wanted, 2)
                server.pause()
            capacity = _capacity(servers["serial"], wanted, sizes.capacity_s)
            rounds = [_round(servers, wanted, sizes, capacity, number) for number in range(sizes.rounds)]
    fill(report, Findings(sizes.subject.name, capacity, _OFFERED, _CALLERS, rounds, overhead))
    return report


def _overhead(model: Published, sizes: _Sizes, wanted: Sequence[Ask]) -> Pace:
    """What the engine takes beside computing, in this process."""
    torch.set_num_threads(CORES)
    family = load_family(model.pipeline, dtype=torch.float32, device="cpu")
    requests = engine.requests_of(wanted[: sizes.overhead_asks])
    return engine.paced(family, _ROWS, sizes.subject.side, requests, _CALLERS)


def _capacity(serial: tuple[Peer, Server], wanted: Sequence[Ask], seconds: float) -> float:
    peer, server = serial
    with _awake(server):
        return load.closed(peer, server, wanted, 2, seconds, 0).per_second


def _round(
    servers: dict[str, tuple[Peer, Server]], wanted: Sequence[Ask], sizes: _Sizes, capacity: float, number: int
) -> Round:
    """Every server once in each form, the others stopped meanwhile, all with the same arrivals."""
    opened: dict[str, Found] = {}
    closed: dict[str, Found] = {}
    for name in random.Random(number).sample(list(servers), len(servers)):
        peer, server = servers[name]
        with _awake(server):
            opened[name] = load.opened(peer, server, wanted, _OFFERED * capacity, sizes.open_s, number)
            closed[name] = load.closed(peer, server, wanted, _CALLERS, sizes.closed_s, number)
    return Round(opened, closed)


@contextlib.contextmanager
def _awake(server: Server) -> Iterator[None]:
    server.resume()
    try:
        server.wait_ready()
        yield
    finally:
        server.pause()
