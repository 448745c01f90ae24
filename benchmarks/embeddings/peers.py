"""The servers compared: how each is started, asked and read."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import orjson

from benchmarks.ekiben_server import ekiben_command, embedding_of, embedding_request
from benchmarks.harness.http1 import Reply, post
from benchmarks.harness.ports import HOST
from benchmarks.harness.processes import ROOT, Command
from benchmarks.model import EMBEDDER
from ekiben.inference.tensors import Tensor


@dataclass(frozen=True, slots=True)
class Peer:
    """One way to serve the model over HTTP."""

    name: str
    command: Command
    request: Callable[[str], bytes]
    read: Callable[[Reply], Tensor]


@dataclass(frozen=True, slots=True)
class Pool:
    """FastAPI's settings: CPU threads of the session, and endpoint calls at once."""

    threads: int
    calls: int

    @property
    def text(self) -> str:
        """For the report."""
        return f"{self.calls} calls at once, {self.threads} session thread(s)"


# 40 is the thread pool's own default.
POOLS = (Pool(1, 40), Pool(1, 2), Pool(2, 40), Pool(2, 1))


def ekiben() -> Peer:
    """Ekiben's gateway and one worker."""
    return Peer("ekiben", ekiben_command(EMBEDDER), embedding_request, embedding_of)


def bentoml() -> Peer:
    """Plain BentoML with its own batching."""
    arguments = [sys.executable, "-m", "bentoml", "serve", "benchmarks.peers.bentoml_service:Plain"]
    where = ["--working-dir", str(ROOT), "--host", HOST, "--port", "{port}"]
    command = Command("bentoml", [*arguments, *where], {"BENTOML_DO_NOT_TRACK": "True"}, "/readyz")
    return Peer("bentoml", command, _bentoml_request, _bentoml_vector)


def fastapi(pool: Pool) -> Peer:
    """FastAPI on uvicorn with uvloop and httptools, no batching."""
    arguments = [sys.executable, "-m", "uvicorn", "benchmarks.peers.fastapi_app:app", "--host", HOST]
    options = ["--port", "{port}", "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
    environment = {"PEER_THREADS": str(pool.threads), "PEER_CALLS": str(pool.calls)}
    command = Command("fastapi", [*arguments, *options], environment, "/ready")
    return Peer("fastapi", command, _fastapi_request, _fastapi_vector)


def _bentoml_request(text: str) -> bytes:
    return post("/embed", orjson.dumps({"texts": [text]}))


def _bentoml_vector(reply: Reply) -> Tensor:
    return np.frombuffer(base64.b64decode(orjson.loads(reply.body)[0]), "<f4")


def _fastapi_request(text: str) -> bytes:
    return post("/embed", orjson.dumps({"text": text}))


def _fastapi_vector(reply: Reply) -> Tensor:
    return np.frombuffer(base64.b64decode(orjson.loads(reply.body)["embedding"]), "<f4")
