"""Bad input is a clear 4xx in the one shape, whatever it is; afterwards the server answers as before."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.e2e.conftest import Platform

MODEL = "all-minilm-l6-v2"
V2 = "/v2/models/efficientnet-lite0/infer"
JSON = {"content-type": "application/json"}
LENGTH = "inference-header-content-length"


@pytest.fixture(scope="module")
def http(platform: Platform) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=platform.base_url, timeout=60) as client:
        yield client
        good = client.post("/v1/embeddings", json={"model": MODEL, "input": "still here"})
        assert good.status_code == 200
        assert client.get("/readyz").status_code == 200


def check(reply: httpx.Response, status: int, words: str) -> None:
    body = reply.json()
    assert reply.status_code == status, body
    assert set(body) == {"error", "request_id"}
    assert set(body["error"]) == {"message", "type", "code", "param"}
    assert body["request_id"] == reply.headers["x-request-id"]
    assert words in f"{body['error']['param']}: {body['error']['message']}"
    assert len(body["error"]["message"]) < 600


def embed(**fields: Any) -> bytes:
    return json.dumps({"model": MODEL, **fields}).encode()


DEEP = b"[" * 100_000
TEXTS = {
    "empty": (b"", 400, "empty"),
    "not JSON": (b"{", 400, "JSON"),
    "nested 100,000 deep": (DEEP, 400, "recursion"),
    "nested in a field": (b'{"model":"m","input":' + DEEP + b"]" * 100_000 + b"}", 400, "recursion"),
    "60 MB": (b'{"model":"m","input":"' + b"a" * 60_000_000 + b'"}', 413, "bytes"),
    "empty list": (embed(input=[]), 400, "input"),
    "empty text": (embed(input=""), 400, "input"),
    "blank text": (embed(input=["a", " \n"]), 400, "input[1]"),
    "a number": (embed(input=5), 400, "input"),
    "an object": (embed(input={"a": 1}), 400, "input"),
    "token ids": (embed(input=[1, 2]), 400, "token ids"),
    "mixed types": (embed(input=["a", 2]), 400, "input[1]"),
    "100,000 tokens": (embed(input="hello " * 100_000), 413, "16384"),
    "400 tokens": (embed(input="hello " * 400), 400, "256"),
    "300 items": (embed(input=["hello"] * 300), 413, "128"),
    "unknown model": (b'{"model":"gpt-4","input":"a"}', 404, "not served"),
    "model of another task": (b'{"model":"efficientnet-lite0","input":"a"}', 400, "image-classification"),
    "unknown field": (embed(input="a", foo=1), 400, "foo"),
    "half a surrogate pair": (b'{"model":"m","input":"\\ud800"}', 400, "JSON"),
    "not UTF-8": (b'{"model":"m","input":"\xff"}', 400, "JSON"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_embeddings(http: httpx.Client, name: str) -> None:
    body, status, words = TEXTS[name]
    check(http.post("/v1/embeddings", content=body, headers=JSON), status, words)


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("x-ekiben-timeout-ms", "soon", 400),
        ("x-ekiben-timeout-ms", "0", 400),
        ("x-ekiben-priority", "99", 400),
        ("content-encoding", "gzip", 415),
        ("content-type", "text/plain", 415),
    ],
)
def test_headers(http: httpx.Client, header: str, value: str, status: int) -> None:
    reply = http.post("/v1/embeddings", content=embed(input="a"), headers={**JSON, header: value})
    check(reply, status, header)


def test_sixty_megabytes_without_a_stated_length(http: httpx.Client) -> None:
    pieces = (b"a" * 1_000_000 for _ in range(60))
    check(http.post("/v1/embeddings", content=pieces, headers=JSON), 413, "bytes")


def encoded(kind: str, size: tuple[int, int] = (600, 600)) -> bytes:
    target = io.BytesIO()
    Image.effect_noise(size, 50).convert("RGB").save(target, kind)
    return target.getvalue()


def hundred_megapixels() -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 10_000, 10_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(30_001) * 10_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


PICTURES: dict[str, tuple[Callable[[], bytes], dict[str, str], int, str]] = {
    "not a picture": (lambda: b"hello", {}, 415, "JPEG, PNG, WEBP"),
    "an empty file": (lambda: b"", {}, 400, "empty"),
    "a GIF": (lambda: encoded("GIF"), {}, 415, "JPEG, PNG, WEBP"),
    "a cut PNG": (lambda: encoded("PNG")[:9_000], {}, 400, "damaged"),
    "a cut JPEG": (lambda: encoded("JPEG")[:9_000], {}, 400, "damaged"),
    "a cut WebP": (lambda: encoded("WEBP")[:9_000], {}, 400, "damaged"),
    "100 megapixels": (hundred_megapixels, {}, 413, "25,000,000 pixels"),
    "33 MiB": (lambda: bytes(33 * 2**20), {}, 413, "bytes"),
    "top_k of 0": (lambda: encoded("PNG", (9, 9)), {"top_k": "0"}, 400, "top_k"),
    "top_k in words": (lambda: encoded("PNG", (9, 9)), {"top_k": "few"}, 400, "top_k"),
    "an unknown field": (lambda: encoded("PNG", (9, 9)), {"foo": "1"}, 400, "foo"),
    "an unknown model": (lambda: encoded("PNG", (9, 9)), {"model": "nope"}, 404, "not served"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_classifications(http: httpx.Client, name: str) -> None:
    make, fields, status, words = PICTURES[name]
    check(http.post("/v1/images/classifications", files={"image": make()}, data=fields), status, words)


def test_forms_that_are_none(http: httpx.Client) -> None:
    route = "/v1/images/classifications"
    check(http.post(route, content=b"x"), 415, "multipart")
    check(http.post(route, content=b"x", headers={"content-type": "multipart/form-data"}), 400, "boundary")
    check(http.post(route, content=b"x", headers={"content-type": "multipart/form-data; boundary=b"}), 400, "")
    check(http.post(route, data={"image": "text"}, files={"image2": b""}), 400, "")


def pixels(data: list[float], shape: list[int] | None = None, name: str = "pixels", kind: str = "FP32") -> bytes:
    tensor = {"name": name, "datatype": kind, "shape": shape or [1, 3, 224, 224], "data": data}
    return json.dumps({"inputs": [tensor]}).encode()


def binary(array: np.ndarray) -> tuple[bytes, dict[str, str]]:
    raw = array.tobytes()
    tensor = {"name": "pixels", "datatype": "FP32", "shape": array.shape, "parameters": {"binary_data_size": len(raw)}}
    header = json.dumps({"inputs": [tensor]}).encode()
    return header + raw, {LENGTH: str(len(header))}


NANS = np.full((1, 3, 224, 224), np.nan, np.float32)
TENSORS = {
    "empty": (b"", {}, 400, "JSON"),
    "nested 100,000 deep": (DEEP, {}, 400, "JSON"),
    "NaN as JSON": (pixels([float("nan")] * 150_528), {}, 400, "JSON"),
    "NaN in bytes": (*binary(NANS), 400, "NaN"),
    "cut bytes": (binary(NANS)[0][:-8], binary(NANS)[1], 400, "binary_data_size"),
    "wrong shape": (pixels([0.0] * 4, [1, 4]), {}, 400, "shape"),
    "wrong count": (pixels([0.0] * 4), {}, 400, "elements"),
    "negative shape": (pixels([], [-1]), {}, 400, "shape"),
    "shape of 2^80": (pixels([], [2**40, 2**40]), {}, 413, "shape"),
    "unknown type": (pixels([1], [1], kind="FP99"), {}, 400, "datatype"),
    "unknown input": (pixels([1.0], [1], name="nope"), {}, 400, "image, pixels"),
    "header length beyond the body": (pixels([1.0], [1]), {LENGTH: "99999"}, 400, "Length"),
    "header length below zero": (pixels([1.0], [1]), {LENGTH: "-1"}, 400, "Length"),
}


@pytest.mark.parametrize("name", TENSORS)
def test_tensors(http: httpx.Client, name: str) -> None:
    body, headers, status, words = TENSORS[name]
    check(http.post(V2, content=body, headers=headers), status, words)


@pytest.mark.parametrize(
    ("method", "route", "status"),
    [
        ("GET", "/no/such/route", 404),
        ("GET", "/v1/models/%00%0A%0D", 404),
        ("GET", "/v2/models/nope/infer", 405),
        ("DELETE", "/v1/models", 405),
        ("POST", "/v2/models/nope/infer", 404),
        ("POST", "/v2/models/efficientnet-lite0/versions/9.9.9/infer", 404),
    ],
)
def test_routes(http: httpx.Client, method: str, route: str, status: int) -> None:
    check(http.request(method, route), status, "")
