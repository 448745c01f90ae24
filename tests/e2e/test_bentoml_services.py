"""Each service alone: bare `bentoml serve` and BentoML's own client."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bentoml
import httpx
import numpy as np
import pytest
from bentoml.exceptions import BentoMLException

from tests.e2e.conftest import PROJECT, free_port

IMAGES = PROJECT / "tests" / "data" / "images"


@contextmanager
def bare_service(target: str, log: Path, **environment: str) -> Iterator[str]:
    """`bentoml serve` and nothing else, in a process group that ends with the test."""
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "bentoml", "serve", target, "--host", "127.0.0.1", "--port", str(port)],
            cwd=PROJECT,
            env={**os.environ, "BENTOML_DO_NOT_TRACK": "True", **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def test_text_embedding_alone(tmp_path: Path) -> None:
    target = "services.text_embedding.service:TextEmbedding"
    with (
        bare_service(target, tmp_path / "log") as url,
        bentoml.SyncHTTPClient(url, server_ready_timeout=60) as client,
    ):
        vectors = np.asarray(client.embed(texts=["a cat", "a kitten"]))
        assert vectors.shape == (2, 384)
        assert float(vectors[0] @ vectors[1]) > 0.6
        with pytest.raises(BentoMLException, match="reads at most 256"):
            client.embed(texts=["hello " * 400])


def test_image_classification_alone(tmp_path: Path) -> None:
    target = "services.image_classification.service:ImageClassification"
    with (
        bare_service(target, tmp_path / "log") as url,
        bentoml.SyncHTTPClient(url, server_ready_timeout=60) as client,
    ):
        best = client.classify(image=IMAGES / "coffee.jpg", top_k=2)
        assert [len(best), best[0]["label"]] == [2, "espresso"]
        (tmp_path / "no.jpg").write_bytes(b"not a picture")
        with pytest.raises(BentoMLException, match="not a JPEG"):
            client.classify(image=tmp_path / "no.jpg")


def test_the_gateway_by_bare_bentoml_serves_every_model(tmp_path: Path) -> None:
    with bare_service("services.gateway.service:Gateway", tmp_path / "log") as url:
        transport = httpx.HTTPTransport(retries=60)
        with httpx.Client(base_url=url, transport=transport, timeout=60) as client:
            wait_until_ready(client)
            reply = client.post("/v1/embeddings", json={"model": "all-minilm-l6-v2", "input": "a cat"})
            assert reply.status_code == 200


def wait_until_ready(client: httpx.Client) -> None:
    """A gateway that is up and has not found its workers yet answers 503."""
    deadline = time.monotonic() + 60
    while client.get("/readyz").status_code != 200:
        assert time.monotonic() < deadline, "not ready"
        time.sleep(0.1)
