"""A stand-in of the model hub's HTTP interface, and projects that pull from it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "org/Tiny_Model"
CARD = """\
runtime: onnxruntime
description: A toy.
version: 1.0.0
precision: fp32
source:
  files:
    model.onnx: {source}
licence:
  code: MIT
  weights: MIT
inputs:
  max_items: 4
batch:
  max_cost: 8
  max_items: 8
resources:
  memory_gib: 0.5
"""


@dataclass
class Seen:
    """One request as the server saw it."""

    path: str
    headers: dict[str, str]


@dataclass
class Hub:
    """What the stand-in serves, how it misbehaves, and what it was asked.

    Large files are behind a redirect to another origin, as on the real hub.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    large: set[str] = field(default_factory=set)
    token: str | None = None
    tags: list[str] = field(default_factory=lambda: ["license:apache-2.0"])
    pipeline: str | None = "sentence-similarity"
    cut_after: list[int] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    ranges: bool = True
    etag: str = '"v1"'
    hold_after: int | None = None
    half_sent: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)
    seen: list[Seen] = field(default_factory=list)
    storage_seen: list[Seen] = field(default_factory=list)
    endpoint: str = ""
    storage: str = ""

    def info(self) -> dict[str, Any]:
        siblings = []
        for name, content in self.files.items():
            entry: dict[str, Any] = {"rfilename": name, "size": len(content)}
            if name in self.large:
                entry["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
            siblings.append(entry)
        return {"sha": COMMIT, "siblings": siblings, "tags": self.tags, "pipeline_tag": self.pipeline}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub
    is_storage: bool

    def do_GET(self) -> None:
        log = self.hub.storage_seen if self.is_storage else self.hub.seen
        log.append(Seen(self.path, {key.lower(): value for key, value in self.headers.items()}))
        path = unquote(urlsplit(self.path).path)
        if self.is_storage:
            self.file(path.removeprefix("/"))
        elif self.hub.token and self.headers.get("authorization") != f"Bearer {self.hub.token}":
            self.answer(401, b"Access to this model is restricted")
        elif path in {f"/api/models/{REPOSITORY}/revision/{name}" for name in ("main", COMMIT)}:
            self.answer(200, json.dumps(self.hub.info()).encode())
        elif path.startswith(f"/{REPOSITORY}/resolve/{COMMIT}/"):
            self.resolve(path.removeprefix(f"/{REPOSITORY}/resolve/{COMMIT}/"))
        else:
            self.answer(404, b"Repository not found")

    def resolve(self, name: str) -> None:
        if name not in self.hub.files:
            self.answer(404, b"Entry not found")
        elif name in self.hub.large:
            self.answer(302, b"", {"location": f"{self.hub.storage}/{name}?signature=s"})
        else:
            self.file(name)

    def file(self, name: str) -> None:
        if self.hub.failures:
            self.answer(self.hub.failures.pop(0), b"busy")
            return
        content = self.hub.files[name]
        start = self.start()
        if start >= len(content) > 0:
            self.answer(416, b"")
            return
        headers = {"etag": self.hub.etag}
        if start:
            headers["content-range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self.answer(206 if start else 200, content[start:], headers)

    def start(self) -> int:
        wanted = self.headers.get("range", "")
        same = self.headers.get("if-range") in (None, self.hub.etag)
        return int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and same and self.hub.ranges else 0

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in {"content-length": str(len(body)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        is_file = status in (200, 206) and "etag" in (headers or {})
        if is_file and self.hub.hold_after is not None:
            body = self.hold(body, self.hub.hold_after)
        if is_file and self.hub.cut_after:
            body = body[: self.hub.cut_after.pop(0)]
            self.close_connection = True
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def hold(self, body: bytes, count: int) -> bytes:
        self.wfile.write(body[:count])
        self.wfile.flush()
        self.hub.half_sent.set()
        assert self.hub.release.wait(60)
        return body[count:]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture
def hub() -> Iterator[Hub]:
    state = Hub()
    servers = []
    for is_storage in (False, True):
        handler = type("Bound", (Handler,), {"hub": state, "is_storage": is_storage})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
    state.endpoint, state.storage = (f"http://127.0.0.1:{server.server_address[1]}" for server in servers)
    yield state
    state.release.set()
    for server in servers:
        server.shutdown()
        server.server_close()


@dataclass
class Project:
    """A folder of cards with a home and a cache of its own; commands run in a process of their own."""

    root: Path
    environment: dict[str, str]

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    def card(self, source: str, name: str = "toy") -> None:
        path = self.models / "text-embedding" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CARD.format(source=source))

    def lock(self, source: str, content: bytes, name: str = "toy") -> None:
        sha256 = hashlib.sha256(content).hexdigest()
        origin = f"{{source: '{source}', size_bytes: {len(content)}, sha256: {sha256}}}"
        with (self.models / "weights.lock").open("a") as file:
            file.write(f"{name}: {{version: 1.0.0, origins: {{model.onnx: {origin}}}}}\n")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        program = "from ekiben.cli import failures, models; failures.run(models.app)"
        return subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=120)
        return process.returncode, output, errors

    def stored(self) -> list[str]:
        models = self.home / "models"
        return sorted(path.relative_to(models).as_posix() for path in models.rglob("*") if path.is_file())

    def stored_file(self) -> bytes:
        return (self.home / "models" / "toy" / "1.0.0" / "model.onnx").read_bytes()


STORED = ["toy/1.0.0/model.onnx", "toy/1.0.0/model.yaml", "toy/latest"]


@pytest.fixture
def project(tmp_path: Path, hub: Hub) -> Project:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("EKIBEN_", "HF_", "BENTOML_"))}
    project = Project(tmp_path, kept)
    (project.models / "text-embedding").mkdir(parents=True)
    project.environment |= {
        "EKIBEN_MODELS_DIR": str(project.models),
        "EKIBEN_CACHE_DIR": str(project.cache),
        "BENTOML_HOME": str(project.home),
        "HF_ENDPOINT": hub.endpoint,
        "NO_PROXY": "127.0.0.1",
        "BENTOML_DO_NOT_TRACK": "True",
        "COLUMNS": "200",
    }
    return project


WEIGHTS = bytes(range(256)) * 4096  # 1 MiB
SOURCE = f"hf:{REPOSITORY}@{COMMIT}/onnx/model.onnx"


@pytest.fixture
def locked(project: Project, hub: Hub) -> Project:
    """A card whose file lies in the hub's storage, locked."""
    hub.files["onnx/model.onnx"] = WEIGHTS
    hub.large.add("onnx/model.onnx")
    project.card(SOURCE)
    project.lock(SOURCE, WEIGHTS)
    return project
