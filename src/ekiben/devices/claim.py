"""A worker process takes one of its model's places, and from then on sees no GPU but that place's.

Workers of a model are alike; which of them is the first, nobody says. A lock on a file each, let go by the system when
its holder ends however it ends, makes sure that no two hold the same place, also while a successor starts before its
predecessor is gone.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from ekiben.devices.machine import Gpu
from ekiben.devices.plan import Placement
from ekiben.errors import ConfigurationError
from ekiben.settings import show_devices

_log = structlog.get_logger("ekiben.devices")

PLACE_SUFFIX: Final = ".place"
_ASK_AGAIN_S: Final = 0.1
# Longer than a worker that was told to end is given.
_PATIENCE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Claim:
    """A place that is held until the process ends.

    Attributes:
        number: From 0; the worker's number among its model's.
        gpu: None for the CPU.
    """

    number: int
    gpu: Gpu | None
    handle: int

    @property
    def device(self) -> str:
        """As the plan names it."""
        return self.gpu.device if self.gpu else "cpu"


async def claim(placement: Placement, run_dir: Path, *, patience_s: float = _PATIENCE_S) -> Claim:
    """Take a free place and show this process its GPU alone; call it before anything starts CUDA.

    Raises:
        ConfigurationError: More processes than places, for longer than `patience_s`.
    """
    deadline = asyncio.get_running_loop().time() + patience_s
    while True:
        for number, gpu in enumerate(placement.gpus):
            handle = _lock(run_dir / f"{placement.model}{PLACE_SUFFIX}{number}")
            if handle is not None:
                show_devices(gpu.visible if gpu else "")
                claimed = Claim(number, gpu, handle)
                _log.info("place taken", model=placement.model, worker=number, device=claimed.device)
                return claimed
        if asyncio.get_running_loop().time() > deadline:
            raise ConfigurationError(
                f"all {placement.workers} places of {placement.model} are taken by other processes in {run_dir}"
            )
        await asyncio.sleep(_ASK_AGAIN_S)


def _lock(path: Path) -> int | None:
    """The open, locked file; None when another process has it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle
