"""The machine in words that name nobody's host."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

import psutil

_PACKAGES = (
    "bentoml",
    "fastapi",
    "uvicorn",
    "uvloop",
    "aiohttp",
    "onnxruntime",
    "tokenizers",
    "numpy",
    "xllamacpp",
    "torch",
    "diffusers",
)
CORES = 2


def take_cores(count: int = CORES) -> None:
    """Keep this process and all it starts on the first cores it may use, so that every peer has as many."""
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, allowed[:count])


def describe() -> dict[str, str]:
    """Kind of machine, system and versions."""
    return {
        "processor": f"{_cpu_model()}, {len(os.sched_getaffinity(0))} cores used of {os.cpu_count()}",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release().split('-')[0]}, {platform.machine()}",
        "Python": platform.python_version(),
        "packages": ", ".join(f"{name} {version(name)}" for name in _PACKAGES),
        "load average at the start": f"{os.getloadavg()[0]:.2f}",
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
