"""Pictures as users ask for them: OpenAI's client unchanged, a WebSocket, and readers who leave or are slow.

The model is a tiny one with random weights: what it draws is noise, and the same noise for the same seed.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import aiohttp
import httpx
import numpy as np
import openai
import pytest
from PIL import Image

from ekiben import AsyncClient, Client
from ekiben.client.image_results import GeneratedImage, ImagePreview
from ekiben.errors import InvalidRequest
from tests.e2e.conftest import Platform, start_platform
from tests.e2e.test_text_generation import metric
from tests.e2e.test_workers_die import until
from tests.e2e.tiny_models import TinyModels

MODEL: Final = "tiny-sd"
ROUTE: Final = "/v1/images/generations"
THREAT: Final = "I will murder you."
POLICY: Final = """\
routes:
  /v1/images/generations:
    input:
      block: [harassment/threatening]
      flag: all
    output: block
"""
# Long enough to be under way when somebody leaves.
LONG: Final[dict[str, Any]] = {"prompt": "a b c", "num_inference_steps": 400}
# A busy machine may think that it takes longer than a request usually has.
PATIENT: Final = {"x-ekiben-timeout-ms": "110000"}


@pytest.fixture(scope="module")
def drawing(tiny_models: TinyModels, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("drawing")
    (folder / "policy.yaml").write_text(POLICY)
    started = start_platform(
        folder,
        **tiny_models.environment,
        EKIBEN_ONLY=f"{MODEL},moderation",
        EKIBEN_STATE_DIR=str(folder / "state"),
        EKIBEN_MODERATION_POLICY=str(folder / "policy.yaml"),
    )
    try:
        started.wait_until_ready()
        yield started
    finally:
        status = started.stop()
    assert status == 0, started.log_end()


@pytest.fixture
def client(drawing: Platform) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{drawing.base_url}/v1", api_key="none", max_retries=0)


def pixels(image: bytes | str) -> np.ndarray[Any, Any]:
    content = base64.b64decode(image) if isinstance(image, str) else image
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def fact(value: Any, name: str) -> Any:
    """A field of ours, which OpenAI's client keeps beside its own."""
    return value.model_extra[name]


def test_a_picture_and_how_it_was_made(client: openai.OpenAI) -> None:
    answer = client.images.generate(
        prompt="a b c",
        size="64x32",
        output_format="webp",
        extra_body={"seed": 0, "num_inference_steps": 3, "guidance_scale": 2.5, "scheduler": "euler"},
    )
    assert answer.data
    (drawn,) = answer.data
    assert pixels(drawn.b64_json or "").shape == (32, 64, 3)
    assert (answer.size, answer.output_format, answer.background) == ("64x32", "webp", "opaque")
    assert (fact(drawn, "seed"), fact(drawn, "num_inference_steps"), fact(drawn, "scheduler")) == (0, 3, "euler")
    assert (fact(drawn, "model"), fact(drawn, "model_version")) == (MODEL, "1.0.0")
    assert {"denoise", "decode"} <= set(fact(drawn, "timings_ms"))


def test_the_picture_of_a_seed_comes_again(client: openai.OpenAI) -> None:
    both = client.images.generate(prompt="a b c", n=2)
    assert both.data
    seed = fact(both.data[1], "seed")
    assert fact(both.data[0], "seed") == seed - 1
    alone, again = (client.images.generate(prompt="a b c", extra_body={"seed": seed}) for _ in range(2))
    assert alone.data
    assert again.data
    drawn = pixels(alone.data[0].b64_json or "")
    assert np.array_equal(drawn, pixels(again.data[0].b64_json or ""))
    # Sums of a batch of two are rounded otherwise than those of one.
    assert np.abs(drawn.astype(int) - pixels(both.data[1].b64_json or "")).max() <= 2


def test_the_file_holds_its_settings(client: openai.OpenAI) -> None:
    answer = client.images.generate(prompt="a b c", extra_body={"seed": 5})
    assert answer.data
    content = base64.b64decode(answer.data[0].b64_json or "")
    written = Image.open(io.BytesIO(content)).info
    assert "5" in str(written)
    assert "a b c" in str(written)


def test_a_link(client: openai.OpenAI, drawing: Platform) -> None:
    answer = client.images.generate(prompt="a b c", response_format="url")
    assert answer.data
    url = answer.data[0].url
    assert url
    assert url.startswith(f"{drawing.base_url}/v1/files/")
    fetched = httpx.get(url)
    assert (fetched.headers["content-type"], pixels(fetched.content).shape) == ("image/png", (64, 64, 3))
    assert httpx.get(url[:-1] + ("A" if url[-1] != "A" else "B")).status_code == 403


def check_stream(events: list[Any], kind: str) -> None:
    assert events[-1].type == f"{kind}.completed"
    assert {event.type for event in events[:-1]} == {f"{kind}.partial_image"}
    assert [event.partial_image_index for event in events[:-1]] == sorted(
        {event.partial_image_index for event in events[:-1]}
    )
    for event in events:
        assert pixels(event.b64_json).size
        assert (event.size, event.quality, event.background, event.output_format) == ("64x64", "auto", "opaque", "png")
        assert event.created_at > 1_700_000_000
    assert events[-1].usage.total_tokens == 0
    assert fact(events[-1], "seed") == 3


def test_a_stream_by_the_official_client(client: openai.OpenAI) -> None:
    stream = client.images.generate(
        prompt="a b c", stream=True, partial_images=3, extra_body={"seed": 3, "num_inference_steps": 60}
    )
    check_stream(list(stream), "image_generation")


async def test_a_stream_by_the_official_asynchronous_client(drawing: Platform) -> None:
    async with openai.AsyncOpenAI(base_url=f"{drawing.base_url}/v1", api_key="none", max_retries=0) as client:
        stream = await client.images.generate(
            prompt="a b c", stream=True, partial_images=3, extra_body={"seed": 3, "num_inference_steps": 60}
        )
        check_stream([event async for event in stream], "image_generation")


def png(colour: str, mode: str = "RGB", size: tuple[int, int] = (64, 64)) -> bytes:
    written = io.BytesIO()
    Image.new(mode, size, colour).save(written, "PNG")
    return written.getvalue()


def test_an_edit_paints_where_the_mask_says(client: openai.OpenAI) -> None:
    mask = Image.new("L", (64, 64), 0)
    mask.paste(255, (0, 0, 32, 64))
    written = io.BytesIO()
    mask.save(written, "PNG")
    answer = client.images.edit(
        image=("image.png", png("teal")),
        mask=("mask.png", written.getvalue()),
        prompt="a b c",
        extra_body={"strength": 0.8, "seed": 0},
    )
    assert answer.data
    assert pixels(answer.data[0].b64_json or "").shape == (64, 64, 3)
    assert fact(answer.data[0], "seed") == 0


def test_a_streamed_edit(client: openai.OpenAI) -> None:
    stream = client.images.edit(
        image=[("image.png", png("teal"))],
        prompt="a b c",
        stream=True,
        partial_images=2,
        extra_body={"seed": 3, "num_inference_steps": 60},
    )
    check_stream(list(stream), "image_edit")


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"n": 5}, "n"),
        ({"size": "60x60"}, "size"),
        ({"extra_body": {"num_inference_steps": 401}}, "num_inference_steps"),
    ],
)
def test_limits_are_named(client: openai.OpenAI, changes: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.images.generate(prompt="a b c", **changes)
    assert refused.value.param == param


def test_our_own_client(drawing: Platform, tmp_path: Path) -> None:
    with Client(drawing.base_url) as client:
        images = client.images.generate("a b c", n=2, seed=0, num_inference_steps=3)
        assert (images.model, [each.seed for each in images.data]) == (MODEL, [0, 1])
        assert {"queue", "denoise"} <= set(images.timing)
        assert images.first.image.size == (64, 64)
        saved = images.first.save(tmp_path / "first.png")
        edited = client.images.edit(saved, "a b c", strength=0.5, seed=1, num_inference_steps=10)
        assert edited.first.seed == 1
        *previews, last = client.images.stream("a b c", seed=0, num_inference_steps=3)
        assert all(isinstance(each, ImagePreview) for each in previews)
        assert np.array_equal(pixels(last.content), pixels(images.first.content))
        with pytest.raises(InvalidRequest) as refused:
            client.images.generate("a b c", size="60x60")
        assert refused.value.param == "size"


async def test_our_own_asynchronous_client(drawing: Platform) -> None:
    async with AsyncClient(drawing.base_url) as client:
        stream = await client.images.stream("a b c", image=png("teal"), num_inference_steps=60)
        found = [each async for each in stream]
        assert isinstance(found[-1], GeneratedImage)
        assert (await client.images.generate("a b c")).first.steps == 4


def test_hostile_pictures_are_refused(client: openai.OpenAI) -> None:
    bomb = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(bomb, "PNG")
    for content in (b"GIF89a nonsense", png("teal")[:60], bomb.getvalue(), b"<svg onload=alert(1)>"):
        with pytest.raises(openai.APIStatusError) as refused:
            client.images.edit(image=("image.png", content), prompt="a b c")
        assert refused.value.status_code in (400, 413, 415)
        assert refused.value.param == "image"


def test_the_policy_holds_for_prompts_and_pictures(client: openai.OpenAI, drawing: Platform) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.images.generate(prompt=THREAT)
    assert (refused.value.code, refused.value.param) == ("content_blocked", "prompt")
    before = metric(drawing, "ekiben_moderation_checks_total", direction="output", outcome="passed")
    client.images.generate(prompt="a b c", extra_body={"negative_prompt": THREAT})
    assert metric(drawing, "ekiben_moderation_checks_total", direction="output", outcome="passed") == before + 1


def test_nothing_that_was_asked_for_is_logged(client: openai.OpenAI, drawing: Platform) -> None:
    client.images.generate(prompt="a very particular phrase")
    client.images.generate(prompt="a long one " + "and particular " * 30)  # more than the text encoder reads
    log = drawing.log.read_text()
    assert "particular" not in log
    assert '"steps"' in log or "steps=" in log


@pytest.mark.parametrize("streamed", [True, False])
def test_who_closes_the_connection_stops_the_drawing(drawing: Platform, streamed: bool) -> None:
    def steps() -> float:
        return metric(drawing, "ekiben_diffusion_step_seconds_count")

    def ended() -> float:
        return metric(drawing, "ekiben_diffusion_ended_total", reason="cancelled")

    steps_before, ended_before = steps(), ended()
    with (
        contextlib.suppress(httpx.ReadTimeout),
        httpx.stream(
            "POST", f"{drawing.base_url}{ROUTE}", json={**LONG, "stream": streamed}, headers=PATIENT, timeout=0.5
        ) as reply,
    ):
        assert reply.status_code == 200
    until(lambda: ended() == ended_before + 1, within_s=10)
    taken = steps() - steps_before
    assert taken < LONG["num_inference_steps"]
    assert steps() - steps_before == taken


async def told(socket: aiohttp.ClientWebSocketResponse, *until: str) -> list[dict[str, Any]]:
    """Messages up to one of a kind, or the end of the request."""
    found: list[dict[str, Any]] = []
    while not found or found[-1]["type"] not in (*until, "completed", "cancelled", "error"):
        found.append(await socket.receive_json(timeout=30))
    return found


async def test_previews_on_a_websocket_and_a_request_called_off(drawing: Platform) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{drawing.base_url}/v1/images/stream", headers=PATIENT) as ws,
    ):
        await ws.send_json({**LONG, "partial_images": 3})
        assert (await told(ws, "progress"))[-1]["type"] == "progress"
        await ws.send_json({"type": "cancel"})
        assert (await told(ws))[-1]["type"] == "cancelled"
        await ws.send_json({"prompt": "a b c", "seed": 1, "partial_images": 3, "num_inference_steps": 60})
        messages = await told(ws)
        kinds = [message["type"] for message in messages]
        assert kinds[:2] == ["queued", "started"]
        assert {"progress", "preview", "image"} <= set(kinds)
        assert all(pixels(message["b64_json"]).size for message in messages if "b64_json" in message)
        await ws.send_str("x" * 100_000)
        assert (await ws.receive(timeout=30)).data == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


async def test_a_slow_reader_slows_nobody(drawing: Platform) -> None:
    """One asks for everything and reads nothing; others get theirs, and the slow one's picture is drawn to its end."""
    drawn = metric(drawing, "ekiben_diffusion_images_total")
    with socket.create_connection(("127.0.0.1", drawing.port)) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        body = b'{"prompt": "a", "stream": true, "partial_images": 3, "num_inference_steps": 40, "size": "128x128"}'
        head = f"POST {ROUTE} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in PATIENT.items())
        slow.sendall(head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body)
        async with openai.AsyncOpenAI(base_url=f"{drawing.base_url}/v1", api_key="none", max_retries=0) as client:
            answers = await asyncio.gather(*(client.images.generate(prompt="a b c") for _ in range(4)))
        assert all(answer.data for answer in answers)
        until(lambda: metric(drawing, "ekiben_diffusion_images_total") == drawn + 5, within_s=90)
