"""`client.images.generate`, `.edit` and `.stream`; both clients alike."""

from __future__ import annotations

import base64
import inspect
import io
import json
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ekiben.client.errors import ConnectionFailed, UnexpectedResponse
from ekiben.client.image_results import GeneratedImage, ImagePreview, Images, PromptMatch
from ekiben.errors import ContentBlocked, Overloaded
from tests.unit.client.conftest import Caller, Hand, Received, Reply, Server, refusal, reply

FACTS = {
    "seed": 0, "width": 8, "height": 4, "num_inference_steps": 20, "guidance_scale": 7.5, "scheduler": "ddim",
    "model": "tiny", "model_version": "1.0.0", "timings_ms": {"queue": 1.5, "denoise": 20},
    "prompt_match": {"score": 0.5, "things": ["cat"], "unknown": ["mat"]},
}  # fmt: skip


def png(width: int = 8, height: int = 4) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(written, "PNG")
    return written.getvalue()


def drawn(**changes: Any) -> dict[str, Any]:
    return {"b64_json": base64.b64encode(png()).decode(), **FACTS, **changes}


def answer(*images: dict[str, Any]) -> Reply:
    sent = {"created": 7, "output_format": "png", "size": "8x4", "data": images or (drawn(),)}
    return reply(sent, x_request_id="srv-1", server_timing="denoise;dur=20")


def events(*payloads: object) -> Reply:
    lines = [f"event: x\ndata: {json.dumps(payload)}\n\n" for payload in payloads]
    return Reply(200, "".join(lines).encode(), {"content-type": "text/event-stream", "x-request-id": "srv-1"})


def preview(number: int) -> dict[str, Any]:
    file = base64.b64encode(png(2, 1)).decode()
    told = {"partial_image_index": number, "step": 5 * number, "steps": 20}
    return {"type": "image_generation.partial_image", "b64_json": file, **told}


def completed(kind: str = "image_generation") -> dict[str, Any]:
    return {"type": f"{kind}.completed", "output_format": "png", **drawn()}


def form(received: Received) -> dict[str, bytes]:
    """The parts of a form."""
    head = f"content-type: {received.headers['content-type']}\r\n\r\n".encode()
    parts: Any = message_from_bytes(head + received.body).get_payload()
    return {part.get_param("name", header="content-disposition"): part.get_payload(decode=True) for part in parts}


def collect(made: Any) -> Any:
    async def gather() -> list[Any]:
        return [each async for each in await made]

    return gather() if inspect.isawaitable(made) else list(made)


def test_pictures(call: Caller, server: Server, tmp_path: Path) -> None:
    server.answers(answer(drawn(), drawn(seed=1)))
    found: Images = call(
        lambda client: client.images.generate(
            "a lake", n=2, model="tiny", seed=0, size="8x4", adapters=[{"name": "x"}], priority=3
        )
    )
    sent = server.received[0]
    assert (sent.method, sent.path, sent.headers["x-ekiben-priority"]) == ("POST", "/v1/images/generations", "3")
    assert sent.json == {
        "prompt": "a lake", "n": 2, "model": "tiny", "seed": 0, "size": "8x4", "adapters": [{"name": "x"}],
    }  # fmt: skip
    assert (found.model, found.request_id, found.created, found.timing) == ("tiny", "srv-1", 7, {"denoise": 20.0})
    assert [each.seed for each in found.data] == [0, 1]
    first = found.first
    assert first.prompt_match == PromptMatch(0.5, ("cat",), ("mat",))
    assert (first.steps, first.scheduler, first.guidance_scale, first.timing["queue"]) == (20, "ddim", 7.5, 1.5)
    assert (first.image.size, first.content) == ((8, 4), png())
    assert first.save(tmp_path / "lake.png").read_bytes() == png()
    assert "b'" not in repr(first)


def test_an_edit_is_a_form(call: Caller, server: Server) -> None:
    server.answers(answer())
    call(lambda client: client.images.edit(png(), "a lake", mask=Image.new("L", (8, 4)), strength=0.5, seed=0))
    sent = server.received[0]
    parts = form(sent)
    assert sent.path == "/v1/images/edits"
    assert {name: value for name, value in parts.items() if name not in ("image", "mask")} == {
        "prompt": b"a lake", "n": b"1", "strength": b"0.5", "seed": b"0",
    }  # fmt: skip
    assert parts["image"] == png()
    assert Image.open(io.BytesIO(parts["mask"])).mode == "L"


def test_a_stream(call: Caller, server: Server) -> None:
    server.answers(events(preview(0), preview(1), completed(), "never read"))
    found = call(lambda client: collect(client.images.stream("a lake", partial_images=3)))
    assert server.received[0].json == {"prompt": "a lake", "stream": True, "partial_images": 3}
    *previews, last = found
    assert [(each.number, each.step, each.steps) for each in previews] == [(0, 0, 20), (1, 5, 20)]
    assert all(isinstance(each, ImagePreview) and each.image.size == (2, 1) for each in previews)
    assert isinstance(last, GeneratedImage)
    assert (last.seed, last.output_format) == (0, "png")


def test_a_stream_of_an_edit(call: Caller, server: Server) -> None:
    server.answers(events(completed("image_edit")))
    call(lambda client: collect(client.images.stream("a lake", image=png())))
    assert form(server.received[0])["stream"] == b"true"


def test_errors_under_way_and_streams_that_break_off(call: Caller, server: Server) -> None:
    error = {"error": {"message": "no", "code": "content_blocked"}, "request_id": "srv-1"}
    for script, kind in (
        (events(preview(0), error), ContentBlocked),
        (events(preview(0)), ConnectionFailed),
        (events({"type": "image_generation.completed"}), UnexpectedResponse),
    ):
        server.answers(script)
        with pytest.raises(kind) as failed:
            call(lambda client: collect(client.images.stream("a lake")))
        assert failed.value.request_id == "srv-1"


def test_refusals_are_tried_again(server: Server, call: Caller, hand: Hand) -> None:
    server.answers(refusal(429, "overloaded"), answer())
    found = call(lambda client: client.images.generate("a lake"), pace=hand.pace())
    assert (found.first.seed, len(hand.slept)) == (0, 1)
    server.answers(refusal(429, "overloaded"))
    with pytest.raises(Overloaded):
        call(lambda client: client.images.generate("a lake"), pace=hand.pace(), max_retries=0)


def test_an_answer_that_is_none(server: Server, call: Caller) -> None:
    server.answers(reply({"created": 1, "output_format": "png", "data": []}))
    with pytest.raises(UnexpectedResponse):
        call(lambda client: client.images.generate("a lake"))
