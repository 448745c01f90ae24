"""Models come and go without a restart: by their operator's word, and by themselves when nobody asks for them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ekiben import Client
from ekiben.errors import ModelUnloaded
from tests.e2e.conftest import PROJECT, Platform, start_platform

EMBEDDER, CLASSIFIER = "all-minilm-l6-v2", "efficientnet-lite0"
CHAT, MODERATION = "smollm2-135m-instruct", "moderation"
ROUNDS = 50
FIRST_LOAD_GIB = 0.025


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Platform]]:
    started: list[Platform] = []

    def begin(*arguments: str, **environment: str) -> Platform:
        folder = tmp_path / str(len(started))
        folder.mkdir()
        started.append(start_platform(folder, *arguments, **environment))
        return started[-1]

    yield begin
    for platform in started:
        platform.stop()


def command(platform: Platform, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from ekiben.cli.main import main; main()", "models", *arguments],
        cwd=PROJECT,
        env={**os.environ, "EKIBEN_RUN_DIR": str(platform.run_dir)},
        capture_output=True,
        text=True,
        check=False,
    )


def model_state(platform: Platform, name: str) -> dict[str, Any]:
    report = httpx.get(f"{platform.base_url}/health").json()
    found: dict[str, Any] = next(part for part in report["components"] if part["name"] == name)
    return found


def until(condition: Callable[[], bool], within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.05)


def test_an_unloaded_model_refuses_and_a_loaded_one_answers_again(start: Callable[..., Platform]) -> None:
    platform = start("--only", EMBEDDER)
    platform.wait_until_ready()
    client = Client(base_url=platform.base_url)
    unloaded = command(platform, "unload", EMBEDDER)
    assert (unloaded.returncode, unloaded.stdout) == (0, f"{EMBEDDER} is unloaded in 2 workers\n")
    assert model_state(platform, EMBEDDER)["state"] == "unloaded"
    with pytest.raises(ModelUnloaded, match="models load"):
        client.embeddings.create(model=EMBEDDER, input="a")
    assert httpx.get(f"{platform.base_url}/readyz").status_code == 200, "as its operator wants it"
    assert command(platform, "load", EMBEDDER).returncode == 0
    assert len(client.embeddings.create(model=EMBEDDER, input="a").data) == 1
    unknown = command(platform, "load", "nonsense")
    assert (unknown.returncode, "nonsense" in unknown.stderr) == (1, True)


def test_a_worker_that_starts_again_keeps_to_the_last_word(start: Callable[..., Platform]) -> None:
    platform = start("--only", CLASSIFIER)
    platform.wait_until_ready()
    assert command(platform, "unload", CLASSIFIER).returncode == 0
    (socket,) = platform.run_dir.glob(f"{CLASSIFIER}.*.sock")
    os.kill(int(socket.name.split(".")[-2]), 9)
    until(lambda: model_state(platform, CLASSIFIER)["workers_ready"] == 0)
    platform.wait_until_ready()
    assert model_state(platform, CLASSIFIER)["state"] == "unloaded"


@pytest.mark.slow
@pytest.mark.parametrize("name", [EMBEDDER, CLASSIFIER, MODERATION, CHAT])
def test_memory_comes_back(start: Callable[..., Platform], name: str) -> None:
    """Within 10 % of what the process had before the load.

    The first load of all leaves the inference engine's own code behind, which is read from disk when it is used.
    """
    platform = start("--only", name, EKIBEN_UNLOADED=name)
    platform.wait_until_ready()

    workers = model_state(platform, name)["workers_ready"]

    def memory() -> float:
        gib: float = model_state(platform, name)["measurements"]["memory_gib"]
        return gib

    def cycle() -> tuple[float, float, float]:
        before = memory()
        assert command(platform, "load", name).returncode == 0
        loaded = memory()
        assert command(platform, "unload", name).returncode == 0
        return before, loaded, memory()

    first, *others = [cycle() for _ in range(3)]
    assert first[2] <= first[0] + FIRST_LOAD_GIB * workers
    for before, loaded, after in others:
        assert loaded > 1.5 * before
        assert after <= 1.1 * before


@pytest.mark.slow
def test_fifty_reloads_cost_the_others_nothing(start: Callable[..., Platform]) -> None:
    platform = start()
    platform.wait_until_ready()
    client = Client(base_url=platform.base_url, max_retries=0)
    done = threading.Event()
    answers, faults = [0], []

    def ask() -> None:
        while not done.is_set():
            try:
                client.embeddings.create(model=EMBEDDER, input="one of the others")
                answers[0] += 1
            except Exception as error:  # noqa: BLE001 - whatever it is fails the test below
                faults.append(error)

    callers = [threading.Thread(target=ask) for _ in range(4)]
    for caller in callers:
        caller.start()
    control = httpx.Client(
        transport=httpx.HTTPTransport(uds=str(next(platform.run_dir.glob("_gateway.*.sock")))), timeout=60
    )
    after: list[float] = []
    for _ in range(ROUNDS):
        for verb in ("unload", "load"):
            control.post(f"http://gateway/models/{CLASSIFIER}/{verb}").raise_for_status()
        after.append(model_state(platform, CLASSIFIER)["measurements"]["memory_gib"])
    done.set()
    for caller in callers:
        caller.join()
    assert not faults
    assert answers[0] > ROUNDS
    early, late = sum(after[5:15]) / 10, sum(after[-10:]) / 10
    assert late <= 1.05 * early, f"GiB after rounds 6 to 15: {early:.3f}, after the last ten: {late:.3f}"


@pytest.mark.slow
def test_loading_a_language_model_does_not_make_the_platform_unready(start: Callable[..., Platform]) -> None:
    """Its runtime holds the worker's process up meanwhile; the load balancer must not hear of that."""
    platform = start("--only", CHAT, "--only", EMBEDDER)
    platform.wait_until_ready()
    statuses: set[int] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            statuses.add(httpx.get(f"{platform.base_url}/readyz").status_code)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for verb in ("unload", "load") * 3:
        assert command(platform, verb, CHAT).returncode == 0
    done.set()
    watcher.join()
    assert statuses == {200}


@pytest.mark.slow
def test_an_idle_model_sleeps_and_the_next_request_wakes_it(start: Callable[..., Platform]) -> None:
    platform = start("--only", EMBEDDER, EKIBEN_IDLE_UNLOAD_S="0.5")
    platform.wait_until_ready()
    until(lambda: model_state(platform, EMBEDDER)["state"] == "idle")
    client = Client(base_url=platform.base_url)
    assert len(client.embeddings.create(model=EMBEDDER, input="wake up").data) == 1
    until(lambda: model_state(platform, EMBEDDER)["state"] == "idle")
