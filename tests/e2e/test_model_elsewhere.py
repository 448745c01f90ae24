"""A model that a server elsewhere computes: llama.cpp's own HTTP server stands for vLLM or TensorRT-LLM."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import openai
import pytest

from ekiben.settings import load_settings
from ekiben.weights.bento_store import ModelStore
from tests.e2e.conftest import PROJECT, Platform, free_port, start_platform
from tests.e2e.test_text_generation import ENDLESS, JAPAN
from tests.e2e.test_workers_die import until

pytestmark = pytest.mark.slow

NAME: Final = "far-away"
KEY: Final = "a-key-of-the-model-server"
SERVER: Final = """
import sys, time, xllamacpp
made = xllamacpp.CommonParams()
made.model.path, made.port, made.api_keys = sys.argv[1], int(sys.argv[2]), [sys.argv[3]]
made.n_ctx, made.n_parallel, made.verbosity = 4096, 2, 1
made.model_alias = {"the-upstream-name"}
made.cpuparams.n_threads = made.cpuparams_batch.n_threads = 2
server = xllamacpp.Server(made)
while True:
    time.sleep(3600)
"""
CARD: Final = """\
runtime: openai
description: A model elsewhere.
version: 1.0.0
precision: int4
upstream:
  url: http://127.0.0.1:{port}/v1
  model: the-upstream-name
  key: far
licence: {{code: MIT, weights: Apache-2.0}}
inputs: {{max_items: 16}}
generation: {{context_tokens: 2048, max_tokens: 512}}
batch: {{max_cost: 512, max_items: 4}}
resources: {{memory_gib: 0.2, cpu: 0.5}}
"""


@contextmanager
def model_server(port: int) -> Iterator[subprocess.Popen[bytes]]:
    weights = ModelStore(load_settings().bentoml_home).path("smollm2-135m-instruct:1.0.0") / "model.gguf"
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(weights), str(port), KEY])
    try:
        until(lambda: _healthy(port), within_s=60)
        yield process
    finally:
        process.kill()
        process.wait()


def _healthy(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def platform_for(folder: Path, port: int, keys: str) -> Iterator[Platform]:
    card = folder / "models" / "text-generation" / f"{NAME}.yaml"
    card.parent.mkdir(parents=True)
    card.write_text(CARD.format(port=port))
    platform = start_platform(folder, EKIBEN_MODELS_DIR=str(folder / "models"), EKIBEN_UPSTREAM_KEYS=keys)
    try:
        yield platform
    finally:
        assert platform.stop() == 0, platform.log_end()


def test_it_is_served_like_any_other(tmp_path: Path) -> None:
    port = free_port()
    with model_server(port) as server, platform_for(tmp_path, port, f'{{"far": "{KEY}"}}') as platform:
        platform.wait_until_ready()
        client = openai.OpenAI(base_url=f"{platform.base_url}/v1", api_key="none", max_retries=0)
        answer = client.chat.completions.create(model=NAME, messages=JAPAN, temperature=0, max_tokens=30)
        text = answer.choices[0].message.content or ""
        assert "Tokyo" in text
        assert answer.model == NAME
        chunks = list(
            client.chat.completions.create(model=NAME, messages=JAPAN, temperature=0, max_tokens=30, stream=True)
        )
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == text
        tokens = client.completions.create(model=NAME, prompt="Hello", max_tokens=3, logprobs=2).choices[0].logprobs
        assert tokens is not None
        assert len(tokens.tokens or ()) == 3
        with pytest.raises(openai.BadRequestError) as refused:
            client.completions.create(model=NAME, prompt="word " * 3_000, max_tokens=4, stream=True)
        assert refused.value.code == "context_length_exceeded"
        _goes_away_in_the_middle(platform, client, server)
    log = platform.log.read_text(errors="replace")
    assert KEY not in log
    assert "the-upstream-name" not in log


def _goes_away_in_the_middle(platform: Platform, client: openai.OpenAI, server: subprocess.Popen[bytes]) -> None:
    stream = client.completions.create(model=NAME, prompt=ENDLESS, max_tokens=500, temperature=0, stream=True)
    assert next(stream).choices[0].text
    server.kill()
    with pytest.raises(openai.APIError, match="broke off"):
        list(stream)
    until(lambda: httpx.get(f"{platform.base_url}/readyz").status_code == 503, within_s=10)
    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(model=NAME, messages=JAPAN)


def test_readiness_follows_the_server(tmp_path: Path) -> None:
    port = free_port()
    with platform_for(tmp_path, port, f'{{"far": "{KEY}"}}') as platform:
        until(lambda: "model server" in platform.log_end() or "model ready" in platform.log_end(), within_s=60)
        for _ in range(2):
            with model_server(port):
                platform.wait_until_ready()
            until(lambda: httpx.get(f"{platform.base_url}/readyz").status_code == 503, within_s=10)


def test_a_wrong_key_is_our_fault_and_told_to_the_log_alone(tmp_path: Path) -> None:
    port = free_port()
    with model_server(port), platform_for(tmp_path, port, '{"far": "another"}') as platform:
        platform.wait_until_ready()
        body = {"model": NAME, "messages": JAPAN}
        reply = httpx.post(f"{platform.base_url}/v1/chat/completions", json=body, timeout=30)
        assert (reply.status_code, reply.json()["error"]["code"]) == (503, "unavailable")
        until(lambda: "Invalid API Key" in platform.log_end(), within_s=5)
        assert "Invalid API Key" not in reply.text


def test_a_missing_key_stops_the_start_in_words(tmp_path: Path) -> None:
    card = tmp_path / "models" / "text-generation" / f"{NAME}.yaml"
    card.parent.mkdir(parents=True)
    card.write_text(CARD.format(port=1))
    done = subprocess.run(
        [sys.executable, "-c", "from ekiben.cli.entry import main; main()", "serve"],
        cwd=PROJECT,
        env={"EKIBEN_MODELS_DIR": str(tmp_path / "models"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "EKIBEN_UPSTREAM_KEYS has no entry 'far'" in done.stderr
