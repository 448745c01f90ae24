"""Durable jobs as callers see them, on the whole platform: every task, moderation, lost workers, the operator.

The model that draws is a tiny one with random weights: what it draws is noise, and the same noise for the same seed.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final

import httpx
import numpy as np
import psutil
import pytest

from ekiben import Client
from ekiben.client.image_results import GeneratedImage, Images
from ekiben.errors import ContentBlocked, InvalidRequest
from tests.e2e.conftest import PROJECT, Platform, start_platform
from tests.e2e.test_images import MODEL as TINY
from tests.e2e.test_images import POLICY, THREAT
from tests.e2e.tiny_models import TinyModels
from tests.unit.gateway.webhooks.receiver import receiving

pytestmark = pytest.mark.slow

_SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
_PICTURE: Final = PROJECT / "tests" / "data" / "images" / "chelsea.jpg"
_WAIT_S: Final = 90.0


@pytest.fixture(scope="module")
def drawing(tiny_models: TinyModels, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("jobs")
    (folder / "policy.yaml").write_text(POLICY)
    started = start_platform(
        folder,
        **tiny_models.environment,
        EKIBEN_ONLY=f"{TINY},moderation",
        EKIBEN_STATE_DIR=str(folder / "state"),
        EKIBEN_MODERATION_POLICY=str(folder / "policy.yaml"),
        EKIBEN_WEBHOOK_SECRETS=json.dumps({"anonymous": _SECRET}),
        EKIBEN_WEBHOOK_NETWORKS="127.0.0.0/8",
    )
    try:
        started.wait_until_ready()
        yield started
    finally:
        status = started.stop()
    assert status == 0, started.log_end()


@pytest.fixture
def client(drawing: Platform) -> Iterator[Client]:
    with Client(drawing.base_url, timeout=_WAIT_S) as found:
        yield found


def test_a_job_draws_what_a_request_does(client: Client) -> None:
    # Steps enough that they are told of: a job that is done at once only says so.
    asked: dict[str, Any] = {"seed": 7, "n": 2, "num_inference_steps": 60}
    job = client.jobs.submit({"prompt": "a b c", **asked, "partial_images": 1}, metadata={"order": "1"})
    events = list(client.jobs.events(job.id, timeout=_WAIT_S))
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert (events[0].type, events[-1].type) == ("queued", "succeeded")
    assert any(event.type == "step" for event in events)
    drawn, direct = client.jobs.result(job.id), client.images.generate("a b c", **asked)
    assert isinstance(drawn, Images)
    assert [picture.seed for picture in drawn.data] == [7, 8]
    for mine, theirs in zip(drawn.data, direct.data, strict=True):
        assert _is_same(mine, theirs)
    assert client.jobs.get(job.id).cost.steps > 0


def test_what_the_policy_refuses_never_becomes_a_job(client: Client) -> None:
    with pytest.raises(ContentBlocked) as caught:
        client.jobs.submit({"prompt": THREAT})
    assert caught.value.param == "input.prompt"
    with pytest.raises(InvalidRequest) as refused:
        client.jobs.submit({"prompt": "a", "n": 99})
    assert refused.value.param == "input.n"


def test_a_set_of_jobs(client: Client) -> None:
    inputs = [{"prompt": "a b c", "seed": seed, "num_inference_steps": 2} for seed in range(6)]
    told: list[int] = []
    results = client.jobs.map(inputs, model=TINY, progress=lambda done, _: told.append(done))
    assert [images.first.seed for images in results] == list(range(6))
    assert told == list(range(1, 7))


def test_a_job_outlives_its_worker(client: Client, drawing: Platform) -> None:
    job = client.jobs.submit({"prompt": "a b c", "seed": 7, "num_inference_steps": 60})
    steps = (event for event in client.jobs.events(job.id, timeout=_WAIT_S) if event.type == "step")
    assert next(steps).step
    for process in psutil.Process(drawing.process.pid).children(recursive=True):
        if TINY in " ".join(process.cmdline()) and process.children() == []:
            process.send_signal(signal.SIGKILL)
    done = client.jobs.wait(job.id, timeout=_WAIT_S)
    assert done.state == "succeeded"
    again = client.images.generate("a b c", seed=7, num_inference_steps=60)
    assert _is_same(client.jobs.result(job.id).first, again.first)


def test_cancelling_frees_the_worker(client: Client) -> None:
    job = client.jobs.submit({"prompt": "a b c", "num_inference_steps": 400})
    for event in client.jobs.events(job.id, timeout=_WAIT_S):
        if event.type == "step":
            client.jobs.cancel(job.id)
            break
    assert client.jobs.wait(job.id, timeout=_WAIT_S).state == "cancelled"


async def test_a_webhook_tells_of_the_end(client: Client) -> None:
    async with receiving() as receiver:
        job = await asyncio.to_thread(
            client.jobs.submit, {"prompt": "a b c", "num_inference_steps": 2}, webhook=f"{receiver.url}/hook"
        )
        async with asyncio.timeout(_WAIT_S):
            while not receiver.bodies:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.05)
    told = json.loads(receiver.bodies[0])
    assert (told["type"], told["data"]["id"]) == ("job.succeeded", job.id)


def test_the_operator_sees_every_job(client: Client, drawing: Platform) -> None:
    job = client.jobs.submit({"prompt": "unheard of", "num_inference_steps": 2}, not_before=3600)
    assert job.id in _command(drawing, "list", "--state", "queued")
    assert "unheard of" not in _command(drawing, "show", job.id, "--json")
    assert "is cancelled" in _command(drawing, "cancel", job.id)
    assert client.jobs.get(job.id).state == "cancelled"
    assert "is erased" in _command(drawing, "purge", job.id)
    metrics = client.metrics()
    assert f'ekiben_jobs{{model="{TINY}",state="waiting"}} 0.0' in metrics
    (queue,) = [part for part in client.health().components if part.kind == "queue"]
    assert queue.status == "ok"


def test_the_other_tasks(platform: Platform) -> None:
    picture = f"data:image/jpeg;base64,{base64.b64encode(_PICTURE.read_bytes()).decode()}"
    question = [{"role": "user", "content": "What is the capital of Japan?"}]
    asked: dict[str, tuple[str, dict[str, Any]]] = {
        "text-embedding": ("/v1/embeddings", {"input": ["a cat", "a kitten"]}),
        "text-generation": ("/v1/chat/completions", {"messages": question, "max_tokens": 8, "temperature": 0}),
        "image-classification": ("", {"image": picture, "top_k": 2}),
    }
    with Client(platform.base_url, timeout=_WAIT_S) as client:
        jobs = {task: client.jobs.submit(given, task) for task, (_, given) in asked.items()}
        for task, (route, given) in asked.items():
            assert client.jobs.wait(jobs[task].id, timeout=_WAIT_S).state == "succeeded", platform.log_end()
            result = client.jobs.result(jobs[task].id)
            if not route:
                assert [each["label"] for each in result["data"]] == ["tiger cat", "Egyptian cat"]
                continue
            body = {**given, "model": jobs[task].model}
            direct = httpx.post(platform.base_url + route, json=body, timeout=_WAIT_S).json()
            for told in (result, direct):
                told.pop("id", None), told.pop("created", None)
            assert result == direct


def _is_same(one: GeneratedImage, other: GeneratedImage) -> bool:
    """Whether two pictures differ by rounding alone, as those do that were computed beside different neighbours."""
    pixels = [np.asarray(each.image, np.int16) for each in (one, other)]
    return int(np.abs(pixels[0] - pixels[1]).max()) <= 2


def _command(platform: Platform, *arguments: str) -> str:
    state = {"EKIBEN_RUN_DIR": str(platform.run_dir), "EKIBEN_STATE_DIR": str(platform.run_dir.parent / "state")}
    done = subprocess.run(
        [sys.executable, "-c", "from ekiben.cli.main import main; main()", "jobs", *arguments],
        env={**os.environ, **state},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
