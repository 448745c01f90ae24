"""The device that a benchmark measures."""

from __future__ import annotations

import torch

from benchmarks.harness.machine import CORES


def on_gpu() -> bool:
    """Whether there is a GPU."""
    return torch.cuda.is_available()


def settle_device() -> str:
    """The device; CPU threads are those that every benchmark gets."""
    if on_gpu():
        return "cuda"
    torch.set_num_threads(CORES)
    return "cpu"
