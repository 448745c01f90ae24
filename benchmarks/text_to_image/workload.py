"""What is asked for: pictures of ten to thirty steps, with and without guidance, every seed another."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import orjson

from benchmarks.harness.http1 import Reply, post
from benchmarks.text_to_image.random_pipelines import Subject

STEPS = (10, 15, 20, 25, 30)
SHORT = STEPS[0]
_GUIDANCE = (1.0, 3.0, 7.5)
_WORDS = ("a fox", "a harbour", "a sailor", "coffee", "mountains", "a dragon", "a market", "rain")
MODEL = "benchmark"


class Ask(NamedTuple):
    """One picture."""

    prompt: str
    side: int
    steps: int
    guidance_scale: float
    seed: int


def asks(subject: Subject, count: int, seed: int = 0) -> list[Ask]:
    """So many, the same for the same seed; every step count equally often."""
    draw = random.Random(seed)
    return [
        Ask(draw.choice(_WORDS), subject.side, STEPS[i % len(STEPS)], draw.choice(_GUIDANCE), draw.randrange(2**31))
        for i in range(count)
    ]


def shuffled(count: int, seed: int) -> list[int]:
    """An order."""
    return random.Random(seed).sample(range(count), count)


def openai_request(ask: Ask, model: str = MODEL) -> bytes:
    """As the `openai` client sends it, with Ekiben's fields."""
    content = {
        "model": model,
        "prompt": ask.prompt,
        "size": f"{ask.side}x{ask.side}",
        "response_format": "b64_json",
        "num_inference_steps": ask.steps,
        "guidance_scale": ask.guidance_scale,
        "seed": ask.seed,
    }
    return post("/v1/images/generations", orjson.dumps(content))


def openai_picture(reply: Reply) -> bytes:
    """The file in a response of OpenAI's form."""
    return base64.b64decode(orjson.loads(reply.body)["data"][0]["b64_json"])


def plain_request(ask: Ask) -> bytes:
    """As the lock server takes it."""
    return post("/draw", orjson.dumps(ask._asdict()))


def batched_request(ask: Ask) -> bytes:
    """As BentoML's batchable endpoint takes it: a list of one."""
    return post("/draw", orjson.dumps({"asks": [ask._asdict()]}))


def plain_picture(reply: Reply) -> bytes:
    """The file in a response of the lock server."""
    return reply.body


def batched_picture(reply: Reply) -> bytes:
    """The file in a response of BentoML's batchable endpoint."""
    return base64.b64decode(orjson.loads(reply.body)[0])


class Form(NamedTuple):
    """How a server is asked, and where the picture is in its answer."""

    request: Callable[[Ask], bytes]
    picture: Callable[[Reply], bytes]

    def requests(self, wanted: Sequence[Ask]) -> list[bytes]:
        """All of them."""
        return [self.request(ask) for ask in wanted]


def is_png(content: bytes) -> bool:
    """Whether a file is what was asked for."""
    return content.startswith(b"\x89PNG")


def fields(ask: Ask) -> dict[str, Any]:
    """For a pipeline's own call, generator and prompt aside."""
    return {
        "width": ask.side,
        "height": ask.side,
        "num_inference_steps": ask.steps,
        "guidance_scale": ask.guidance_scale,
    }
