"""Rounds in which both servers have their turn, streamed and not, in an order of the round's own."""

from __future__ import annotations

import contextlib
import random
from typing import NamedTuple

from benchmarks.harness.child import run_load
from benchmarks.harness.machine import CORES
from benchmarks.harness.processes import Server, running
from benchmarks.harness.report import Report
from benchmarks.harness.resources import rss_mib
from benchmarks.text_generation import peers
from benchmarks.text_generation.load import Found, Plan, chats
from benchmarks.text_generation.tables import Findings, Round, fill
from benchmarks.texts import make_texts

_CALLERS = 8


class _Sizes(NamedTuple):
    rounds: int
    chats: int
    max_tokens: int


def run(*, quick: bool) -> Report:
    """Measure and report."""
    sizes = _Sizes(1, 16, 32) if quick else _Sizes(5, 32, 96)
    # Of each measurement its own: what a server remembers of a prompt it has seen is not what is measured.
    texts = iter(make_texts(sizes.chats * (1 + 2 * sizes.rounds)))
    batches = [
        [f"Tell me more about this: {next(texts)}" for _ in range(sizes.chats)] for _ in range(1 + 2 * sizes.rounds)
    ]
    report = Report("text_generation", "Text generation: tokens a second on two cores, eight chats at once", quick)
    with contextlib.ExitStack() as stack:
        commands = (peers.ekiben(), peers.llama(CORES))
        servers = {command.name: stack.enter_context(running(command)) for command in commands}
        for server in servers.values():
            _measure(server, batches[0][:_CALLERS], sizes, stream=True)  # The first answers pay for cold caches.
            server.pause()
        rounds = [_round(servers, batches[1 + 2 * number :], sizes, number) for number in range(sizes.rounds)]
        memory_mib = rss_mib(servers["ekiben"].tree())
    fill(report, Findings(rounds, _CALLERS, sizes.max_tokens, memory_mib))
    return report


def _round(servers: dict[str, Server], batches: list[list[str]], sizes: _Sizes, number: int) -> Round:
    turns = [(name, stream) for name in servers for stream in (True, False)]
    results: dict[tuple[str, bool], Found] = {}
    for name, stream in random.Random(number).sample(turns, len(turns)):
        server = servers[name]
        server.resume()
        server.wait_ready()
        results[name, stream] = _measure(server, batches[stream], sizes, stream=stream)
        server.pause()
    return results


def _measure(server: Server, prompts: list[str], sizes: _Sizes, *, stream: bool) -> Found:
    return run_load(chats, Plan(server.port, prompts, _CALLERS, sizes.max_tokens, stream)).result
