"""Moderation as users meet it: OpenAI's client, ours, BentoML's, and a policy on the other routes."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import bentoml
import httpx
import openai
import pytest
from openai.types import ModerationMultiModalInputParam
from PIL import Image

from ekiben import Client
from ekiben.errors import ContentBlocked
from tests.e2e.conftest import Platform, start_platform
from tests.e2e.test_bentoml_services import bare_service

INSULT = "You are a stupid fucking idiot."
THREAT = "I will murder you."
HARMLESS = "A red fox crosses a snowy field at dawn."
POLICY = """\
routes:
  /v1/embeddings:
    input:
      block: [harassment/threatening]
      flag: all
  /v1/images/classifications:
    input: block
  /v2:
    input: block
"""


def picture(width: int = 64, height: int = 48) -> bytes:
    """A harmless one: a gradient."""
    written = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(written, "PNG")
    return written.getvalue()


def data_url(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def image_part(url: str) -> ModerationMultiModalInputParam:
    return {"type": "image_url", "image_url": {"url": url}}


def text_part(text: str) -> ModerationMultiModalInputParam:
    return {"type": "text", "text": text}


@pytest.fixture
def client(platform: Platform) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{platform.base_url}/v1", api_key="none", max_retries=0)


@pytest.mark.parametrize("model", [openai.omit, "moderation", "omni-moderation-latest"])
def test_the_official_client_flags_an_insult_and_nothing_harmless(
    client: openai.OpenAI, model: str | openai.Omit
) -> None:
    reply = client.moderations.create(model=model, input=[INSULT, HARMLESS, THREAT])
    insult, harmless, threat = reply.results
    assert reply.model == "moderation"
    assert (insult.flagged, harmless.flagged, threat.flagged) == (True, False, True)
    assert insult.categories.to_dict()["profanity"]
    assert threat.categories.harassment_threatening
    assert threat.category_scores.harassment_threatening == 1
    assert threat.category_applied_input_types.harassment_threatening == ["text"]
    assert not any(harmless.categories.to_dict().values())
    assert harmless.categories.violence_graphic is False
    assert harmless.category_applied_input_types.violence_graphic == []


def test_one_string_has_one_result(client: openai.OpenAI) -> None:
    assert [each.flagged for each in client.moderations.create(input=INSULT).results] == [True]


def test_a_message_of_text_and_picture_has_one_result(client: openai.OpenAI) -> None:
    image = image_part(data_url(picture()))
    (harmless,) = client.moderations.create(input=[text_part(HARMLESS), image]).results
    assert not harmless.flagged
    assert harmless.category_applied_input_types.sexual == ["text", "image"]
    assert 0 <= harmless.category_scores.sexual < 0.5
    (insult,) = client.moderations.create(input=[image, text_part(INSULT)]).results
    assert insult.flagged


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        ("http://127.0.0.1:1/private.png", 400, "invalid_value"),
        ("https://example.org/a.png", 400, "invalid_value"),
        ("data:text/plain;base64,aGk=", 400, "invalid_value"),
        ("data:image/png;base64,###", 400, "invalid_value"),
        ("data:image/png;base64,aGVsbG8=", 415, "unsupported_media_type"),
        (data_url(picture(6_000, 6_000)), 413, "payload_too_large"),
    ],
)
def test_a_picture_that_is_not_taken(client: openai.OpenAI, url: str, status: int, code: str) -> None:
    with pytest.raises(openai.APIStatusError) as refused:
        client.moderations.create(input=[image_part(url)])
    assert (refused.value.status_code, refused.value.code) == (status, code)
    assert str(refused.value.param).startswith("input[0]")


def test_our_client(platform: Platform) -> None:
    with Client(platform.base_url) as ekiben:
        found = ekiben.moderations.create([INSULT, HARMLESS])
        together = ekiben.moderations.create(HARMLESS, images=[picture()])
    assert [each.flagged for each in found.results] == [True, False]
    assert found.results[0].categories["profanity"]
    assert [each.flagged for each in together.results] == [False]


def test_the_service_alone(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(picture())
    with (
        bare_service("services.moderation.service:Moderation", tmp_path / "log") as url,
        bentoml.SyncHTTPClient(url, server_ready_timeout=60) as client,
    ):
        insult, harmless = client.moderate(texts=[INSULT, HARMLESS])
        assert (insult["flagged"], harmless["flagged"]) == (True, False)
        assert insult["category_scores"]["profanity"] > 0.9
        assert client.moderate_image(image=tmp_path / "a.png")["flagged"] is False


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform with a policy."""
    folder = tmp_path_factory.mktemp("guarded")
    policy = folder / "policy.yaml"
    policy.write_text(POLICY)
    started = start_platform(folder, EKIBEN_MODERATION_POLICY=str(policy), EKIBEN_LOG_FORMAT="json")
    try:
        started.wait_until_ready()
        yield started
    finally:
        started.stop()


def embed(guarded: Platform, text: str) -> httpx.Response:
    body = {"model": "all-minilm-l6-v2", "input": ["hello", text]}
    return httpx.post(f"{guarded.base_url}/v1/embeddings", json=body, timeout=30)


def test_a_policy_refuses_flags_and_lets_pass(guarded: Platform) -> None:
    passed, flagged, blocked = (embed(guarded, text) for text in (HARMLESS, INSULT, THREAT))
    assert (passed.status_code, flagged.status_code, blocked.status_code) == (200, 200, 400)
    assert "x-ekiben-moderation" not in passed.headers
    assert "profanity" in flagged.headers["x-ekiben-moderation"].split(", ")
    error = blocked.json()["error"]
    assert (error["code"], error["param"]) == ("content_blocked", "input[1]")
    assert "harassment/threatening" in error["message"]
    assert THREAT not in blocked.text
    assert "moderation;dur=" in passed.headers["server-timing"]


def test_a_refusal_has_a_class_in_our_client(guarded: Platform) -> None:
    with Client(guarded.base_url) as ekiben, pytest.raises(ContentBlocked, match="harassment/threatening"):
        ekiben.embeddings.create(THREAT)


def test_a_harmless_picture_passes(guarded: Platform) -> None:
    reply = httpx.post(f"{guarded.base_url}/v1/images/classifications", files={"image": picture()}, timeout=30)
    assert reply.status_code == 200


def test_tensors_are_no_way_around(guarded: Platform) -> None:
    text = {"name": "text", "datatype": "BYTES", "shape": [1], "data": [THREAT]}
    reply = httpx.post(f"{guarded.base_url}/v2/models/all-minilm-l6-v2/infer", json={"inputs": [text]}, timeout=30)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "content_blocked")


def test_checks_are_counted_and_logged_without_content(guarded: Platform) -> None:
    embed(guarded, THREAT)
    metrics = httpx.get(f"{guarded.base_url}/metrics", timeout=30).text
    counted = 'category="harassment/threatening",direction="input",outcome="blocked",route="/v1/embeddings"'
    assert counted in metrics
    assert "input blocked harassment/threatening" in guarded.log.read_text()
    assert THREAT not in guarded.log.read_text()


def test_a_wrong_policy_stops_the_start_with_its_line(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("routes:\n  /v1/embeddings:\n    output: block\n")
    started = start_platform(tmp_path, EKIBEN_MODERATION_POLICY=str(policy))
    try:
        assert started.process.wait(90) != 0
    finally:
        started.stop()
    assert "policy.yaml:3: routes./v1/embeddings.output" in started.log.read_text()
