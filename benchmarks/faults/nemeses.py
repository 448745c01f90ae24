"""What each fault does to the system, and how long it lasts."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.faults.schedule import EVERY, Fault, Nemesis
from benchmarks.faults.system import System, Worker

_FAKETIME: Final = (
    Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"),
    Path("/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1"),
)
_LONG_LEASES: Final = 1.25
_SLOW_S: Final = 0.2
_FULL_FOR_S: Final = 2.0

Inflict = Callable[[System, Worker], Awaitable[None]]


def possible() -> tuple[list[Nemesis], dict[Nemesis, str]]:
    """What can be inflicted on this machine; and what cannot, with the reason."""
    if any(path.is_file() for path in _FAKETIME):
        return list(EVERY), {}
    skipped: dict[Nemesis, str] = dict.fromkeys(("clock forward", "clock back"), "Debian's faketime is not installed")
    return [kind for kind in EVERY if kind not in skipped], skipped


async def inflict(system: System, faults: Sequence[Fault], told: Callable[[Fault], None]) -> None:
    """One fault after another; the system is whole again when this returns."""
    for fault in faults:
        await asyncio.sleep(fault.after_s)
        told(fault)
        await _INFLICT[fault.nemesis](system, system.workers[fault.worker])


async def _kill_worker(system: System, worker: Worker) -> None:
    system.kill_worker(worker)
    system.start_worker(worker)
    await system.until_up(worker)


async def _kill_gateway(system: System, _: Worker) -> None:
    system.kill_gateway()
    system.start_gateway()


async def _kill_valkey(system: System, _: Worker) -> None:
    system.kill_valkey()


async def _freeze(system: System, worker: Worker) -> None:
    """For longer than its lease; then it goes on in the middle of a step, and knows nothing."""
    assert worker.process is not None
    worker.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(_LONG_LEASES * system.settings.job_lease_s)
    worker.process.send_signal(signal.SIGCONT)


async def _cut(system: System, worker: Worker) -> None:
    worker.proxy.cut()
    await asyncio.sleep(_LONG_LEASES * system.settings.job_lease_s)
    worker.proxy.mend()


async def _delay(system: System, worker: Worker) -> None:
    worker.proxy.delay_s = _SLOW_S
    await asyncio.sleep(system.settings.job_lease_s)
    worker.proxy.delay_s = 0.0


async def _fill(system: System, _: Worker) -> None:
    system.full.touch()
    await asyncio.sleep(_FULL_FOR_S)
    system.full.unlink()


async def _notice(system: System, worker: Worker) -> None:
    await system.drain_worker(worker)
    system.start_worker(worker)
    await system.until_up(worker)


async def _upgrade(system: System, worker: Worker) -> None:
    """One worker after the other; in between, old and new ones work side by side."""
    major, minor, patch = worker.version.split(".")
    for each in system.workers:
        each.version = f"{major}.{minor}.{int(patch) + 1}"
        await _notice(system, each)


def _jump(to: str) -> Inflict:
    async def jump(system: System, worker: Worker) -> None:
        """The process that takes its place lives in another hour."""
        library = next(path for path in _FAKETIME if path.is_file())
        worker.faked = {"LD_PRELOAD": os.fspath(library), "FAKETIME": to, "DONT_FAKE_MONOTONIC": "1"}
        await _notice(system, worker)
        worker.faked = {}

    return jump


_INFLICT: Final[dict[Nemesis, Inflict]] = {
    "kill worker": _kill_worker,
    "kill gateway": _kill_gateway,
    "kill valkey": _kill_valkey,
    "freeze worker": _freeze,
    "cut network": _cut,
    "delay network": _delay,
    "store full": _fill,
    "notice": _notice,
    "upgrade": _upgrade,
    "clock forward": _jump("+1h"),
    "clock back": _jump("-1h"),
}
