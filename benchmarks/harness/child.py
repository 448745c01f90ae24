"""Runs a load in a process of its own, and says how much processor time it took."""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

import uvloop

P = TypeVar("P")
R = TypeVar("R")
_OPEN_FILES = 16_384


@dataclass(frozen=True, slots=True)
class Outcome(Generic[R]):
    """What the load returned; the share of one core that the generator took."""

    result: R
    cpu_share: float


def run_load(load: Callable[[P], Coroutine[Any, Any, R]], plan: P) -> Outcome[R]:
    """Run `load(plan)`, a coroutine function of a module, in a new process.

    Raises:
        RuntimeError: It failed there; the traceback is on standard error.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_main, args=(theirs, load, plan), daemon=True)
    process.start()
    theirs.close()
    try:
        result, cpu_share = ours.recv()
    except EOFError:
        raise RuntimeError("the load generator failed") from None
    finally:
        process.join()
    return Outcome(result, cpu_share)


def _main(pipe: Connection, load: Callable[[P], Coroutine[Any, Any, R]], plan: P) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if most == resource.RLIM_INFINITY else min(_OPEN_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        started, used = time.monotonic(), time.process_time()
        result = runner.run(load(plan))
        share = (time.process_time() - used) / (time.monotonic() - started)
    pipe.send((result, share))
