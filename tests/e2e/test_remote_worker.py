"""A worker on another machine is reached by URL and secret; here both machines are this one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import PROJECT, free_port, start_platform

TOKEN = "a-secret-between-machines"


@pytest.mark.slow
def test_a_worker_elsewhere_answers_through_the_gateway(tmp_path: Path) -> None:
    worker = free_port()
    environment = {"EKIBEN_WORKER_LISTEN": f"127.0.0.1:{worker}", "EKIBEN_WORKER_TOKEN": TOKEN}
    target = "services.text_embedding.service:TextEmbedding"
    serving = subprocess.Popen(
        [sys.executable, "-m", "bentoml", "serve", target, "--host", "127.0.0.1", "--port", str(free_port())],
        cwd=PROJECT,
        env={**os.environ, **environment, "BENTOML_DO_NOT_TRACK": "True", "EKIBEN_RUN_DIR": str(tmp_path / "w")},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    urls = f'{{"all-minilm-l6-v2": ["http://127.0.0.1:{worker}"]}}'
    platform = start_platform(tmp_path, EKIBEN_WORKER_URLS=urls, EKIBEN_WORKER_TOKEN=TOKEN)
    try:
        platform.wait_until_ready()
        reply = httpx.post(f"{platform.base_url}/v1/embeddings", json={"model": "all-minilm-l6-v2", "input": "a cat"})
        assert reply.status_code == 200
        assert httpx.get(f"http://127.0.0.1:{worker}/ready").status_code == 401
        assert not list(platform.run_dir.glob("all-minilm*"))
        assert TOKEN not in platform.log.read_text()
    finally:
        os.killpg(serving.pid, signal.SIGTERM)
        assert serving.wait(30) is not None
        assert platform.stop() == 0
