"""What the codec refuses, and that nothing but its own errors escapes."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ekiben.errors import Internal, InvalidRequest, PayloadTooLarge
from ekiben.inference.open_inference import (
    EncodedBody,
    Limits,
    decode_request,
    decode_response,
    encode_request,
)
from ekiben.inference.tensors import NUMPY_TYPES, bytes_tensor

GOOD = {"name": "x", "datatype": "FP32", "shape": [2], "data": [1, 2]}
RAW = {key: GOOD[key] for key in ("name", "datatype", "shape")}
DEEP = "deep"  # stands for nesting that can be read, but not written by a library


def refused(body: bytes, header_length: object = None) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        decode_request(body, cast("int | None", header_length))
    return caught.value


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"name": ""}, "name"),
        ({"name": 1}, "name"),
        ({"name": None}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "x" * 257}, "name"),
        ({"datatype": "BF16"}, "datatype"),
        ({"datatype": "fp32"}, "datatype"),
        ({"datatype": []}, "datatype"),
        ({"shape": None}, "shape"),
        ({"shape": 2}, "shape"),
        ({"shape": []}, "shape"),
        ({"shape": [0]}, "shape"),
        ({"shape": [-1]}, "shape"),
        ({"shape": [2.0]}, "shape"),
        ({"shape": [True, 2]}, "shape"),
        ({"shape": ["2"]}, "shape"),
        ({"shape": DEEP}, "shape"),
        ({"shape": [2**62, 2**62]}, "shape"),
        ({"shape": [2**40]}, "shape"),
        ({"shape": [1] * 17}, "shape"),
        ({"shape": [3]}, "data"),
        ({"shape": [1]}, "data"),
        ({"data": None}, "data"),
        ({"data": "12"}, "data"),
        ({"data": {}}, "data"),
        ({"data": []}, "data"),
        ({"data": [1, True]}, "data"),
        ({"data": [1, None]}, "data"),
        ({"data": [1, "2"]}, "data"),
        ({"data": [1, [2]]}, "data"),
        ({"data": [[1, 2]]}, "data"),
        ({"data": DEEP}, "data"),
        ({"shape": [1, 2], "data": DEEP}, "data"),
        ({"shape": [2, 2], "data": [[1, 2], [3]]}, "data"),
        ({"shape": [2, 2], "data": [[1, 2], 3]}, "data"),
        ({"shape": [2, 3], "data": [[1, 2], [3, 4], [5, 6]]}, "data"),
        ({"data": [1, 1e39]}, "data"),
        ({"datatype": "FP16"}, "data"),
        ({"datatype": "UINT8", "data": [1, 256]}, "data"),
        ({"datatype": "UINT8", "data": [1, -1]}, "data"),
        ({"datatype": "INT8", "data": [1, 128]}, "data"),
        ({"datatype": "INT64", "data": [1, 2**63]}, "data"),
        ({"datatype": "INT64", "data": [1, 2.0]}, "data"),
        ({"datatype": "BOOL", "data": [0, 1]}, "data"),
        ({"datatype": "BYTES", "data": [1, "a"]}, "data"),
        ({"parameters": []}, "parameters"),
        ({"parameters": {"a": {}}}, "parameters.a"),
        ({"parameters": {"a": DEEP}}, "parameters.a"),
        ({"parameters": {"a": "x" * 5000}}, "parameters.a"),
        ({"parameters": {str(i): i for i in range(65)}}, "parameters"),
        ({"parameters": {"": 1}}, "parameters"),
        ({"parameters": {"binary_data_size": 8}}, "parameters.binary_data_size"),
    ],
)
def test_wrong_inputs_name_their_field(change: dict[str, Any], param: str) -> None:
    body = orjson.dumps({"inputs": [{**GOOD, "name": "ok"}, {**GOOD, **change}]})
    error = refused(body.replace(b'"deep"', b"[" * 900 + b"]" * 900))
    assert error.param == f"inputs[1].{param}"
    assert len(error.message) < 300


@pytest.mark.parametrize(
    ("header", "param"),
    [
        ({}, "inputs"),
        ({"inputs": []}, "inputs"),
        ({"inputs": {}}, "inputs"),
        ({"inputs": [1]}, "inputs[0]"),
        ({"inputs": [GOOD, GOOD]}, "inputs[1].name"),
        ({"inputs": [GOOD] * 65}, "inputs"),
        ({"inputs": [GOOD], "id": 1}, "id"),
        ({"inputs": [GOOD], "id": "a\r\nb"}, "id"),
        ({"inputs": [GOOD], "id": "x" * 257}, "id"),
        ({"inputs": [GOOD], "parameters": [1]}, "parameters"),
        ({"inputs": [GOOD], "parameters": {"binary_data_output": 1}}, "parameters.binary_data_output"),
        ({"inputs": [GOOD], "outputs": {}}, "outputs"),
        ({"inputs": [GOOD], "outputs": [1]}, "outputs[0]"),
        ({"inputs": [GOOD], "outputs": [{}]}, "outputs[0].name"),
        ({"inputs": [GOOD], "outputs": [{"name": "a"}, {"name": "a"}]}, "outputs[1].name"),
        (
            {"inputs": [GOOD], "outputs": [{"name": "a", "parameters": {"binary_data": 0}}]},
            "outputs[0].parameters.binary_data",
        ),
    ],
)
def test_wrong_headers_name_their_field(header: dict[str, Any], param: str) -> None:
    assert refused(orjson.dumps(header)).param == param


@pytest.mark.parametrize(
    "body",
    [b"", b"x", b"[]", b"null", b"\xff\xfe", b"{", b"{}trailing", b'{"inputs": NaN}', b'{"inputs": 1e999}'],
)
def test_bodies_that_are_no_json_object(body: bytes) -> None:
    refused(body)


def test_nesting_a_hundred_thousand_deep() -> None:
    refused(b"[" * 100_000)
    refused(b'{"inputs":' * 100_000)
    refused(b'{"inputs":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


def binary(raw: bytes, size: object = None, **change: object) -> tuple[bytes, int]:
    entry = {**RAW, **change, "parameters": {"binary_data_size": len(raw) if size is None else size}}
    header = orjson.dumps({"inputs": [entry]})
    return header + raw, len(header)


@pytest.mark.parametrize(
    ("body", "header_length"),
    [
        binary(b"\0" * 7),
        binary(b"\0" * 9),
        binary(b"\0" * 8, 9),
        binary(b"\0" * 8, -8),
        binary(b"\0" * 8, "8"),
        binary(b"\0" * 8, 8.0),
        binary(b"\0" * 8, size=True),
        binary(b"\0" * 8, 2**63),
        binary(b"\0" * 9, 8),
        binary(b"\0\0\x80\x7f" * 2),
        binary(b"\xff" * 8),
        binary(b"\x00\x7c\x00\x00", datatype="FP16"),
        binary(b"\x00\x02", datatype="BOOL"),
        binary(b"\0" * 8, data=[1, 2]),
        binary(b"", datatype="BYTES"),
        binary(b"\x01\0\0\0a", datatype="BYTES"),
        binary(b"\x01\0\0\0a\x01\0\0", datatype="BYTES"),
        binary(b"\x01\0\0\0a\xff\xff\xff\xff", datatype="BYTES"),
        binary(b"\x01\0\0\0a\0\0\0\0b", datatype="BYTES"),
        binary(b"\0" * 64, datatype="BYTES", shape=[2**29]),
    ],
)
def test_wrong_binary_data(body: bytes, header_length: int) -> None:
    assert (refused(body, header_length).param or "").startswith("inputs")


@pytest.mark.parametrize("length", [-1, 10_000, True, 1.0, "12", 0, 5])
def test_wrong_header_lengths(length: object) -> None:
    refused(*binary(b"\0" * 8)[:1], header_length=length)


def test_beyond_a_limit_is_too_large() -> None:
    body = orjson.dumps({"inputs": [GOOD, {**GOOD, "name": "y"}]})
    with pytest.raises(PayloadTooLarge):
        decode_request(body, None, limits=Limits(max_tensors=1))
    with pytest.raises(PayloadTooLarge):
        decode_request(body, None, limits=Limits(max_elements=1))
    with pytest.raises(PayloadTooLarge, match="binary data"):
        decode_request(body, None, limits=Limits(max_json_bytes=len(body) - 1))
    decode_request(body, None, limits=Limits(max_json_bytes=len(body), max_tensors=2, max_elements=2))


VALID = [
    encode_request(
        {"x": np.ones((2, 3), NUMPY_TYPES[name])} if name != "BYTES" else {"x": bytes_tensor([b"a", b"bc"])},
        binary_input=form,
        parameters={"top_k": 2},
    )
    for name in NUMPY_TYPES
    for form in (True, False)
    if form or name != "FP16"
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([*NUMPY_TYPES, "x"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["inputs", "outputs", "name", "datatype", "shape", "data", "parameters", "id"])
            | st.text(max_size=3),
            inner,
            max_size=6,
        )
    ),
)


def only_own_errors(body: bytes, header_length: int | None) -> None:
    try:
        decode_request(body, header_length)
    except InvalidRequest as error:
        assert error.message  # noqa: PT017 - either outcome is fine; any other exception is not
    try:
        decode_response(body, header_length)
    except Internal as error:
        assert error.message  # noqa: PT017


@given(st.binary(max_size=300), st.none() | st.integers(-5, 400))
@example(b'{"inputs":[{"name":"x"}]}', 3)
def test_random_bytes(body: bytes, header_length: int | None) -> None:
    only_own_errors(body, header_length)


@settings(max_examples=400)
@given(st.sampled_from(VALID), st.data())
def test_mutated_requests(valid: EncodedBody, data: st.DataObject) -> None:
    body = bytearray(valid.body)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body)))
        removed = data.draw(st.integers(0, 4))
        body[start : start + removed] = data.draw(st.binary(max_size=4))
    shift = data.draw(st.sampled_from([0, 0, 0, -1, 1, 16]))
    length = None if valid.header_length is None else valid.header_length + shift
    only_own_errors(bytes(body), length)


@settings(max_examples=400)
@given(JSON, JSON, st.sampled_from(["inputs", "outputs"]), st.sampled_from([*GOOD, "parameters"]))
def test_any_json_in_any_field(top: object, field: object, key: str, name: str) -> None:
    def dumps(value: object) -> bytes:
        return orjson.dumps(value, default=str)

    try:
        bodies = [
            dumps(top),
            dumps({"model_name": "m", "inputs": [GOOD], key: field}),
            dumps({"model_name": "m", key: [{**GOOD, name: field}]}),
        ]
    except orjson.JSONEncodeError:  # integers beyond 64 bits
        return
    for body in bodies:
        only_own_errors(body, None)
