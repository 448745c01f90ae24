"""A worker in this process, reached by a port and announced at a Valkey server, as one on another machine is."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from ekiben.devices.plan import Placement
from ekiben.settings import load_settings
from ekiben.testing import ToyEmbedding
from ekiben.worker.host import ModelHost
from ekiben.worker.tensor_servable import TensorServable


@dataclass
class AnnouncedWorker:
    """What a test needs of one."""

    host: ModelHost[TensorServable]
    model: ToyEmbedding
    url: str
    socket: Path


@asynccontextmanager
async def announced_worker(
    folder: Path, valkey_url: str, monkeypatch: pytest.MonkeyPatch, **changes: Any
) -> AsyncIterator[AnnouncedWorker]:
    """Within the block the worker is there; each needs a folder of its own, short enough for a Unix socket."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")  # Taking a place sets it; this takes it back.
    address = f"127.0.0.1:{free_port()}"
    given = {
        "run_dir": folder / "run",
        "state_dir": folder / "state",
        "valkey_url": valkey_url,
        "worker_listen": address,
        "worker_advertise": f"http://{address}",
        "instance": folder.name,
    }
    settings, model = load_settings(**{**given, **changes}), ToyEmbedding()

    async def load() -> TensorServable:
        return TensorServable(model, CollectorRegistry(), settings.max_body_bytes)

    host = ModelHost(model.card, load, Placement("toy", (None,), 1, 0.1), settings)
    await host.start()
    try:
        yield AnnouncedWorker(host, model, f"http://{address}", folder / "run" / f"toy.{os.getpid()}.sock")
    finally:
        model.gate.set()
        await host.stop()


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
