"""All pictures at once, as JSON."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from ekiben.cards.images import Images
from tests.unit.gateway.image_platform import GENERATIONS, ImagePlatform


def picture(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


async def test_a_picture_and_its_facts(images: ImagePlatform) -> None:
    reply = await images.http.post(GENERATIONS, json={"prompt": "a blue lake", "seed": 0, "num_inference_steps": 3})
    assert reply.status_code == 200, reply.text
    answer = reply.json()
    (drawn,) = answer["data"]
    assert picture(base64.b64decode(drawn["b64_json"])).size == (32, 32)
    assert (drawn["seed"], drawn["num_inference_steps"], drawn["scheduler"]) == (0, 3, "ddim")
    assert (drawn["model"], drawn["model_version"], drawn["guidance_scale"]) == ("toy-image", "1.0.0", 3.0)
    assert {"queue", "denoise"} <= set(drawn["timings_ms"])
    assert drawn["prompt_match"] == {"score": 0.5, "things": ["water"], "unknown": ["blue"]}
    assert (answer["size"], answer["output_format"], answer["background"]) == ("32x32", "png", "opaque")
    assert answer["usage"]["total_tokens"] == 0
    stages = {part.split(";")[0].strip() for part in reply.headers["server-timing"].split(",")}
    assert {"read", "queue", "denoise", "total"} <= stages


async def test_a_seed_that_nobody_chose_is_stated_and_gives_the_same_picture(images: ImagePlatform) -> None:
    first = (await images.http.post(GENERATIONS, json={"prompt": "a lake"})).json()["data"][0]
    again = (await images.http.post(GENERATIONS, json={"prompt": "a lake", "seed": first["seed"]})).json()["data"][0]
    assert first["b64_json"] == again["b64_json"]


async def test_a_model_of_no_list_says_nothing_of_what_it_understood(images: ImagePlatform) -> None:
    (drawn,) = (await images.http.post(GENERATIONS, json={"prompt": "a hill"})).json()["data"]
    assert "prompt_match" not in drawn


async def test_several_pictures_come_in_the_order_of_their_seeds(images: ImagePlatform) -> None:
    reply = await images.http.post(GENERATIONS, json={"prompt": "a lake", "n": 3, "seed": 7})
    assert [each["seed"] for each in reply.json()["data"]] == [7, 8, 9]
    assert len({each["b64_json"] for each in reply.json()["data"]}) == 3


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
async def test_formats(images: ImagePlatform, kind: str) -> None:
    reply = await images.http.post(
        GENERATIONS, json={"prompt": "a lake", "size": "48x32", "output_format": kind, "output_compression": 80}
    )
    written = picture(base64.b64decode(reply.json()["data"][0]["b64_json"]))
    assert (written.format, written.size) == (kind.upper(), (48, 32))


async def test_what_openai_clients_send_for_every_request_is_taken(images: ImagePlatform) -> None:
    body = {
        "quality": "standard",
        "background": "auto",
        "moderation": "auto",
        "style": None,
        "user": "u",
        "size": "auto",
    }
    assert (await images.http.post(GENERATIONS, json={"prompt": "a lake", **body})).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"prompt": ""}, 400, "prompt"),
        ({"prompt": " "}, 400, "prompt"),
        ({}, 400, "prompt"),
        ({"prompt": "a" * 201}, 413, "prompt"),
        ({"size": "31x32"}, 400, "size"),
        ({"size": "4096x4096"}, 400, "size"),
        ({"size": "large"}, 400, "size"),
        ({"n": 4}, 400, "n"),
        ({"n": 0}, 400, "n"),
        ({"n": "2"}, 400, "n"),
        ({"num_inference_steps": 21}, 400, "num_inference_steps"),
        ({"guidance_scale": 10.5}, 400, "guidance_scale"),
        ({"seed": -1}, 400, "seed"),
        ({"seed": 2**63}, 400, "seed"),
        ({"scheduler": "none"}, 400, "scheduler"),
        ({"adapters": [{"name": "style"}]}, 400, "adapters"),
        ({"adapters": [{"name": "style", "weight": 10**400}]}, 400, "adapters[0].weight"),
        ({"strength": 0.5}, 400, "strength"),
        ({"output_compression": 101}, 400, "output_compression"),
        ({"output_format": "gif"}, 400, "output_format"),
        ({"quality": "hd"}, 400, "quality"),
        ({"background": "transparent"}, 400, "background"),
        ({"style": "vivid"}, 400, "style"),
        ({"moderation": "low"}, 400, "moderation"),
        ({"partial_images": 4}, 400, "partial_images"),
        ({"stream": True, "n": 2}, 400, "n"),
        ({"stream": True, "response_format": "url"}, 400, "response_format"),
        ({"steps": 3}, 400, "steps"),
        ({"model": "other"}, 404, "model"),
    ],
)
async def test_what_is_not_taken_is_named(images: ImagePlatform, body: dict[str, Any], status: int, param: str) -> None:
    wanted = body if "prompt" in body or not body else {"prompt": "a lake", **body}
    reply = await images.http.post(GENERATIONS, json=wanted)
    assert (reply.status_code, reply.json()["error"]["param"]) == (status, param), reply.text
    assert not images.toy.submitted


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [("refuse", 400, "invalid_value"), ("overloaded", 429, "overloaded"), ("fail", 503, "unavailable")],
)
async def test_what_a_worker_says_reaches_the_caller(images: ImagePlatform, words: str, status: int, code: str) -> None:
    reply = await images.http.post(GENERATIONS, json={"prompt": words})
    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)


async def test_the_model_says_what_it_can_be_asked_for(images: ImagePlatform) -> None:
    reply = await images.http.get("/v1/models/toy-image")
    told = reply.json()["images"]
    card = images.state.cards["toy-image"].images
    assert card is not None
    assert (tuple(told["default_size"]), tuple(told["schedulers"])) == (card.default_size, card.schedulers)
    assert (told["default_steps"], told["max_steps"], told["max_images"]) == (
        card.default_steps,
        card.max_steps,
        card.max_images,
    )
    assert (told["previews"], told["edits"], told["adapters"]) == (True, card.edits, _most(card))


def _most(card: Images) -> dict[str, float]:
    return {name: adapter.max_weight for name, adapter in card.adapters.items()}
