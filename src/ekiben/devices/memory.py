"""Giving memory back to the system after a model was let go of."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys


def give_memory_back() -> None:
    """Collect what refers to itself in circles, and have the C library return what is free to the system."""
    gc.collect()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # musl has no malloc_trim
            ctypes.CDLL(None).malloc_trim(0)
