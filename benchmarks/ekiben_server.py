"""Ekiben itself as a server under test, and its public API as raw requests."""

from __future__ import annotations

import base64
import re
import sys
from pathlib import Path

import numpy as np
import orjson

from benchmarks.harness.http1 import Reply, ask_once, get, post
from benchmarks.harness.processes import Command
from benchmarks.model import EMBEDDER
from ekiben.inference.tensors import Tensor

_STAGE = re.compile(rb"([a-z_]+);dur=([0-9.]+)")


def ekiben_command(*only: str) -> Command:
    """`ekiben serve` with its default settings."""
    program = str(Path(sys.executable).with_name("ekiben"))
    selected = [part for name in only for part in ("--only", name)]
    # Paused for a while as a peer, it would take its own workers for lost.
    environment = {"EKIBEN_PORT": "{port}", "EKIBEN_RESPAWN_TIMEOUT_S": "3600"}
    return Command("ekiben", [program, "serve", *selected], environment, "/readyz")


def embedding_request(text: str) -> bytes:
    """As the `openai` client sends it: base64 unless told otherwise."""
    content = {"model": EMBEDDER, "input": text, "encoding_format": "base64"}
    return post("/v1/embeddings", orjson.dumps(content))


def embedding_of(reply: Reply) -> Tensor:
    """The vector of a response to one text."""
    encoded = orjson.loads(reply.body)["data"][0]["embedding"]
    return np.frombuffer(base64.b64decode(encoded), "<f4")


def stages_ms(reply: Reply) -> dict[str, float]:
    """`Server-Timing`, in milliseconds."""
    line = next((line for line in reply.head.split(b"\r\n") if line.lower().startswith(b"server-timing:")), b"")
    return {name.decode(): float(value) for name, value in _STAGE.findall(line)}


def gauge(port: int, name: str) -> float:
    """The sum of a metric over its labels, from `/metrics`."""
    lines = ask_once(port, get("/metrics")).body.decode().splitlines()
    pattern = re.compile(rf"{name}(?:\{{.*\}})? (\S+)")
    return sum(float(found[1]) for line in lines if (found := pattern.fullmatch(line)))
