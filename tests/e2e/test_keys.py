"""With a keys file every route but the probes asks for a key; a new key works without a restart."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import httpx
import openai
import pytest

from ekiben import Client
from ekiben.errors import Unauthenticated
from tests.e2e.conftest import PROJECT, start_platform

EKIBEN = [sys.executable, "-c", "from ekiben.cli.main import main; main()"]


def create_key(file: Path, name: str) -> str:
    command = [*EKIBEN, "keys", "create", "--name", name, "--file", str(file)]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=PROJECT).stdout.strip()


@pytest.mark.slow
def test_keys(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    key = create_key(keys, "first")
    platform = start_platform(tmp_path, "--only", "all-minilm-l6-v2", EKIBEN_KEYS_FILE=str(keys))
    try:
        platform.wait_until_ready()
        for route in ("/v1/models", "/v2", "/metrics", "/health", "/v2/models/stats"):
            refused = httpx.get(platform.base_url + route)
            assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key"), route
        client = openai.OpenAI(base_url=f"{platform.base_url}/v1", api_key=key)
        assert client.embeddings.create(model="all-minilm-l6-v2", input="a").data
        with pytest.raises(Unauthenticated), Client(platform.base_url, api_key=key[:-1] + "_") as wrong:
            wrong.models.list()

        second = create_key(keys, "second")
        with Client(platform.base_url, api_key=second) as fresh:
            assert fresh.models.list().data
        subprocess.run([*EKIBEN, "keys", "revoke", second.split("_")[1], "--file", str(keys)], check=True, cwd=PROJECT)
        deadline = time.monotonic() + 5
        headers = {"authorization": f"Bearer {second}"}
        while httpx.get(f"{platform.base_url}/v1/models", headers=headers).status_code != 401:
            assert time.monotonic() < deadline
        log = platform.log.read_text()
        assert '"principal"' in log
        assert key not in log
        assert second not in log
    finally:
        assert platform.stop() == 0


def test_another_address_without_keys_is_refused_with_the_reason(tmp_path: Path) -> None:
    platform = start_platform(tmp_path, EKIBEN_HOST="0.0.0.0")
    assert platform.process.wait(30) == 1
    assert "EKIBEN_KEYS_FILE" in platform.log_end()


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (["--only", "nope"], {}, "no model 'nope'"),
        (["--only", "all-mpnet-base-v2"], {}, "template"),
        ([], {"EKIBEN_PORT": "99999"}, "EKIBEN_PORT"),
        ([], {"EKIBEN_MEMORY_GIB": "0.5"}, "this machine has 0.5 GiB"),
        ([], {"EKIBEN_MODELS_DIR": "/nowhere"}, "/nowhere"),
        ([], {"BENTOML_HOME": "/nonexistent"}, "ekiben models pull"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_line(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], words: str
) -> None:
    platform = start_platform(tmp_path, *arguments, **environment)
    assert platform.process.wait(30) == 1
    last = platform.log_end().strip().splitlines()[-1]
    assert last.startswith("ekiben: ")
    assert words in last
