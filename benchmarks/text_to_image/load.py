"""One server under one load, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.harness.child import run_load
from benchmarks.harness.http1 import BlockingConnection, Reply
from benchmarks.harness.load import ClosedPlan, OpenPlan, Sample, Window, closed_loop, open_loop
from benchmarks.harness.numbers import percentile
from benchmarks.harness.processes import Server
from benchmarks.text_to_image.peers import Peer
from benchmarks.text_to_image.workload import SHORT, Ask, is_png, shuffled

_GIVE_UP_S = 600.0


class Found(NamedTuple):
    """Pictures of one server in one window; times in seconds, of the pictures with the fewest steps and of all."""

    pictures: int
    per_second: float
    short_p50_s: float
    short_p99_s: float
    p99_s: float
    faults: list[str]


def closed(peer: Peer, server: Server, wanted: Sequence[Ask], callers: int, seconds: float, seed: int) -> Found:
    """Callers who wait for their picture, then ask for the next; pictures that end in the window count."""
    plan = ClosedPlan(server.port, peer.form.requests(wanted), shuffled(len(wanted), seed), callers, 0.0, seconds)
    window = run_load(closed_loop, plan).result
    # Everyone's last picture is waited for: a window that ends with pictures half done would favour short ones.
    return _found(peer, window, wanted, max(sample.ended for sample in window.samples) - window.opened)


def opened(peer: Peer, server: Server, wanted: Sequence[Ask], per_second: float, seconds: float, seed: int) -> Found:
    """Arrivals that do not wait."""
    order = shuffled(len(wanted), seed)
    plan = OpenPlan(server.port, peer.form.requests(wanted), order, per_second, seconds, seed, _GIVE_UP_S)
    window = run_load(open_loop, plan).result
    return _found(peer, window, wanted, max(sample.ended for sample in window.samples) - window.opened)


def warm_up(peer: Peer, server: Server, wanted: Sequence[Ask], count: int) -> None:
    """The first answers pay for cold caches."""
    for ask in wanted[:count]:
        # A server closes connections when it likes; one picture each is no cost beside drawing it.
        connection = BlockingConnection(server.port, timeout_s=_GIVE_UP_S)
        connection.ask(peer.form.request(ask))
        connection.close()


def _found(peer: Peer, window: Window, wanted: Sequence[Ask], seconds: float) -> Found:
    good = [sample for sample in window.samples if _is_picture(peer, sample.reply)]
    short = [_took(sample) for sample in good if wanted[sample.which].steps == SHORT]
    faults = [sample.outcome for sample in window.samples if not _is_picture(peer, sample.reply)]
    return Found(
        pictures=len(good),
        per_second=len(good) / seconds,
        short_p50_s=percentile(short, 0.5),
        short_p99_s=percentile(short, 0.99),
        p99_s=percentile(map(_took, good), 0.99),
        faults=faults,
    )


def _took(sample: Sample) -> float:
    return sample.ended - sample.started


def _is_picture(peer: Peer, reply: Reply | None) -> bool:
    return reply is not None and reply.status == 200 and is_png(peer.form.picture(reply))
