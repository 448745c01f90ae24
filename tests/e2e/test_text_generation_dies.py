"""A worker that is killed in the middle of an answer, and the service of one model alone."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import bentoml
import openai
import psutil
import pytest
from bentoml.exceptions import BentoMLException

from tests.e2e.conftest import start_platform
from tests.e2e.test_bentoml_services import bare_service
from tests.e2e.test_text_generation import ENDLESS, JAPAN, MODEL
from tests.e2e.test_workers_die import workers


@pytest.mark.slow
def test_a_worker_killed_while_it_writes_is_an_error_event_and_comes_back(tmp_path: Path) -> None:
    platform = start_platform(tmp_path, "--only", MODEL)
    try:
        platform.wait_until_ready()
        client = openai.OpenAI(base_url=f"{platform.base_url}/v1", api_key="none", max_retries=0)
        stream = client.completions.create(model=MODEL, prompt=ENDLESS, max_tokens=900, temperature=0, stream=True)
        assert next(stream).choices[0].text
        victim = psutil.Process(workers(platform)[MODEL])
        os.kill(victim.pid, signal.SIGKILL)
        with pytest.raises(openai.APIError, match="lost"):
            list(stream)
        victim.wait(10)
        platform.wait_until_ready()
        answer = client.chat.completions.create(model=MODEL, messages=JAPAN, temperature=0)
        assert "Tokyo" in (answer.choices[0].message.content or "")
    finally:
        assert platform.stop() == 0


@pytest.mark.slow
def test_what_is_being_written_is_finished_before_the_end(tmp_path: Path) -> None:
    platform = start_platform(tmp_path, "--only", MODEL)
    platform.wait_until_ready()
    client = openai.OpenAI(base_url=f"{platform.base_url}/v1", api_key="none", max_retries=0)
    stream = client.completions.create(model=MODEL, prompt=ENDLESS, max_tokens=100, temperature=0, stream=True)
    assert next(stream).choices[0].text
    platform.process.send_signal(signal.SIGTERM)
    assert [chunk.choices[0].finish_reason for chunk in stream][-1] == "length"
    assert platform.process.wait(60) == 0


@pytest.mark.slow
def test_the_service_alone(tmp_path: Path) -> None:
    target = "services.text_generation.service:TextGeneration"
    question = [{"role": "user", "content": "What is the capital of Japan?"}]
    with (
        bare_service(target, tmp_path / "log") as url,
        bentoml.SyncHTTPClient(url, server_ready_timeout=60) as client,
    ):
        answer = client.chat(messages=question, temperature=0)
        assert "Tokyo" in answer
        assert "".join(client.stream(messages=question, temperature=0)) == answer
        with pytest.raises(BentoMLException, match="limit of smollm2-135m-instruct is 1024"):
            client.chat(messages=question, max_tokens=5_000)
