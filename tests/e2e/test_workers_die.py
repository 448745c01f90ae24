"""A killed worker is noticed, the others go on, and it comes back by itself."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from tests.e2e.conftest import Platform, start_platform

EMBED = {"model": "all-minilm-l6-v2", "input": "a cat"}
PHOTO = Path(__file__).parents[1] / "data" / "images" / "chelsea.jpg"


def workers(platform: Platform) -> dict[str, int]:
    """Process ids of BentoML's workers by service name."""
    found = {}
    for process in psutil.Process(platform.process.pid).children(recursive=True):
        line = process.cmdline()
        if "--service-name" in line:
            found[line[line.index("--service-name") + 1]] = process.pid
    return found


def until(condition: Callable[[], bool], within_s: float) -> float:
    """Seconds until the condition held."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > within_s:
            pytest.fail(f"not within {within_s} s")
        time.sleep(0.02)
    return time.monotonic() - started


@pytest.mark.slow
def test_kill_any_worker(tmp_path: Path) -> None:
    platform = start_platform(tmp_path)
    try:
        platform.wait_until_ready()
        with httpx.Client(base_url=platform.base_url, timeout=5) as client:

            def embeds() -> int:
                return client.post("/v1/embeddings", json=EMBED).status_code

            def classifies() -> int:
                return client.post("/v1/images/classifications", files={"image": PHOTO.read_bytes()}).status_code

            # The embedder has two workers, and one goes on alone; the classifier has one.
            for victim, other, own, meanwhile in (
                ("all-minilm-l6-v2", classifies, embeds, 200),
                ("efficientnet-lite0", embeds, classifies, 503),
            ):
                os.kill(workers(platform)[victim], signal.SIGKILL)
                until(lambda: client.get("/readyz").status_code == 503, within_s=2)
                assert other() == 200
                assert own() == meanwhile
                until(lambda: client.get("/readyz").status_code == 200, within_s=30)
                assert own() == 200
        os.kill(workers(platform)["gateway"], signal.SIGKILL)
        platform.wait_until_ready(within_s=30)
        assert httpx.post(f"{platform.base_url}/v1/embeddings", json=EMBED).status_code == 200
    finally:
        assert platform.stop() == 0


@pytest.mark.slow
def test_a_worker_that_stays_gone_ends_the_platform_with_an_error(tmp_path: Path) -> None:
    platform = start_platform(tmp_path, EKIBEN_RESPAWN_TIMEOUT_S="1")
    # A second is less than a start takes, so that the platform gives up while its workers are still loading.
    assert platform.process.wait(60) == 1
    assert "stay gone" in platform.log_end()


@pytest.mark.slow
def test_a_killed_supervisor_takes_everything_with_it(tmp_path: Path) -> None:
    platform = start_platform(tmp_path)
    platform.wait_until_ready()
    family = psutil.Process(platform.process.pid).children(recursive=True)
    platform.process.kill()
    platform.process.wait()
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive
