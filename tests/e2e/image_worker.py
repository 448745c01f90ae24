"""Asking a worker that draws over its own socket, as the gateway does."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import numpy as np
from PIL import Image

from ekiben.inference.frames import FrameReader
from ekiben.inference.image_frames import decode_event, encode_request
from ekiben.inference.image_generation import (
    FinishedImage,
    ImageEvent,
    ImageGenerationRequest,
    ImageSettings,
    Pixels,
)
from tests.e2e.conftest import Platform

_PATIENCE_S = 120.0


def image_settings(**changes: Any) -> ImageSettings:
    """What `tiny-sd` takes; `changes` replace its fields."""
    fields: dict[str, Any] = {
        "prompt": "a b c",
        "width": 64,
        "height": 64,
        "steps": 8,
        "guidance_scale": 5.0,
        "seed": 7,
        "scheduler": "ddim",
    }
    return ImageSettings(**(fields | changes))


class ImageWorker:
    """The worker of one model of a running platform."""

    def __init__(self, platform: Platform, model: str = "tiny-sd") -> None:
        (socket,) = platform.run_dir.glob(f"{model}.*.sock")
        self.pid = int(socket.name.split(".")[-2])
        self._client = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(socket)), base_url="http://worker", timeout=_PATIENCE_S
        )

    @contextmanager
    def asked(self, **settings: Any) -> Iterator[httpx.Response]:
        """A request whose answer has begun; left early, the connection closes."""
        body = encode_request(ImageGenerationRequest(image_settings(**settings)))
        with self._client.stream("POST", "/images", content=body) as reply:
            yield reply

    def picture(self, **settings: Any) -> Pixels:
        """The picture of one request."""
        with self.asked(**settings) as reply:
            return finished(reply)

    def metric(self, name: str, **labels: str) -> float:
        """One value of the worker's metrics; 0 where there is none yet."""
        told = self._client.get("/metrics").text
        wanted = "".join(f'(?=[^}}]*{label}="{value}")' for label, value in labels.items())
        found = re.search(rf"^{name}\{{{wanted}[^}}]*\}} (\S+)$", told, re.MULTILINE)
        return float(found[1]) if found else 0.0


def events_of(reply: httpx.Response) -> Iterator[ImageEvent]:
    """Every event, as soon as it is there."""
    reader = FrameReader()
    for piece in reply.iter_raw():
        for frame in reader.feed(piece):
            yield decode_event(frame)


def finished(reply: httpx.Response) -> Pixels:
    """The picture at the end of an answer."""
    assert reply.status_code == 200, reply.read()
    (image,) = [event.image for event in events_of(reply) if isinstance(event, FinishedImage)]
    return np.asarray(Image.open(io.BytesIO(image)).convert("RGB"))
