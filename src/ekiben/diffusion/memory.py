"""Running out of device memory, whoever says so."""

from __future__ import annotations

import torch

from ekiben.errors import DeviceOutOfMemory


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a smaller batch may help."""
    return isinstance(error, torch.OutOfMemoryError | DeviceOutOfMemory | MemoryError)


def give_back(device: torch.device) -> None:
    """Let go of what the failed batch had cached, so that a smaller one finds it."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
