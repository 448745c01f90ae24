"""The mix: what is asked, and what must come back."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import orjson

from benchmarks.ekiben_server import embedding_of, embedding_request
from benchmarks.harness.http1 import Reply, post
from benchmarks.model import CLASSIFIER, EMBEDDER
from benchmarks.soak.pictures import Picture
from ekiben.inference.tensors import Tensor

_BOUNDARY = "----benchmark"
_FORM = f"multipart/form-data; boundary={_BOUNDARY}"
_LEAST_COSINE = 0.999
# Shares of all requests.
_WRONG, _PICTURES = 0.03, 0.10


class Asked(NamedTuple):
    """A request and its expected outcome: a status, and a vector or a class."""

    data: bytes
    status: int
    vector: Tensor | None = None
    top: int | None = None

    def fault(self, reply: Reply) -> str | None:
        """What is wrong with the answer."""
        if reply.status != self.status:
            return f"status {reply.status} instead of {self.status}"
        if self.vector is not None:
            cosine = float(embedding_of(reply) @ self.vector)
            return None if cosine >= _LEAST_COSINE else f"another vector, cosine {cosine:.3f}"
        if self.top is not None:
            found = orjson.loads(reply.body)["data"][0]["index"]
            return None if found == self.top else f"class {found} instead of {self.top}"
        return None


class Mix:
    """Draws requests: mostly embeddings, some pictures, a few that are wrong."""

    def __init__(self, texts: Sequence[str], vectors: Tensor, pictures: Sequence[Picture]) -> None:
        self._texts = [Asked(embedding_request(t), 200, vector=v) for t, v in zip(texts, vectors, strict=True)]
        self._pictures = [Asked(_picture(picture.png), 200, top=picture.top) for picture in pictures]
        self._wrong = _wrong_requests()

    def next(self, draw: random.Random) -> Asked:
        """One request."""
        where = draw.random()
        if where < _WRONG:
            return draw.choice(self._wrong)
        return draw.choice(self._pictures if where < _WRONG + _PICTURES else self._texts)


def _picture(content: bytes) -> bytes:
    head = (
        f'--{_BOUNDARY}\r\ncontent-disposition: form-data; name="model"\r\n\r\n{CLASSIFIER}\r\n'
        f'--{_BOUNDARY}\r\ncontent-disposition: form-data; name="image"; filename="p.png"\r\n'
        "content-type: image/png\r\n\r\n"
    )
    return post("/v1/images/classifications", head.encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode(), _FORM)


def _wrong_requests() -> list[Asked]:
    noise = np.random.default_rng(1).integers(0, 256, 500, np.uint8).tobytes()
    return [
        Asked(post("/v1/embeddings", b'{"model": '), 400),
        Asked(post("/v1/embeddings", orjson.dumps({"model": EMBEDDER})), 400),
        Asked(post("/v1/embeddings", orjson.dumps({"model": EMBEDDER, "input": " "})), 400),
        Asked(post("/v1/embeddings", orjson.dumps({"model": EMBEDDER, "input": "word " * 600})), 400),
        Asked(post("/v1/embeddings", orjson.dumps({"model": "no-such-model", "input": "a"})), 404),
        Asked(post("/v1/nothing", b"{}"), 404),
        Asked(_picture(noise), 415),
    ]
