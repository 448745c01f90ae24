"""What the codec reads and writes, byte by byte."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ekiben.errors import Internal, InvalidRequest
from ekiben.inference.open_inference import (
    EncodedBody,
    RequestedOutput,
    decode_request,
    decode_response,
    encode_request,
    encode_response,
    parse_header_length,
)
from ekiben.inference.tensors import NUMPY_TYPES, Tensor, bytes_tensor

NUMERIC = [name for name in NUMPY_TYPES if name != "BYTES"]
SHAPES = hnp.array_shapes(min_dims=1, max_dims=4, max_side=5)


def tensors(datatype: str) -> st.SearchStrategy[Tensor]:
    if datatype == "BYTES":
        return st.lists(st.text().map(str.encode), min_size=1).map(bytes_tensor)
    dtype = NUMPY_TYPES[datatype]
    elements = hnp.from_dtype(dtype, allow_nan=False, allow_infinity=False)
    return hnp.arrays(dtype, SHAPES, elements=elements)


@pytest.mark.parametrize("datatype", NUMPY_TYPES)
@settings(max_examples=40)
@given(data=st.data())
def test_binary_requests_round_trip(datatype: str, data: st.DataObject) -> None:
    sent = data.draw(tensors(datatype))
    encoded = encode_request({"x": sent, "y": sent}, id="a-1", parameters={"top_k": 5})
    read = decode_request(encoded.body, encoded.header_length)
    assert list(read.inputs) == ["x", "y"]
    for tensor in read.inputs.values():
        assert tensor.dtype == sent.dtype
        np.testing.assert_array_equal(tensor, sent, strict=True)
    assert (read.id, read.parameters, read.binary_output, read.outputs) == ("a-1", {"top_k": 5}, True, None)


@pytest.mark.parametrize("datatype", [name for name in NUMPY_TYPES if name != "FP16"])
@settings(max_examples=40)
@given(data=st.data())
def test_json_requests_round_trip(datatype: str, data: st.DataObject) -> None:
    sent = data.draw(tensors(datatype))
    encoded = encode_request({"x": sent}, binary_input=False, binary_output=False)
    assert encoded.header_length is None
    read = decode_request(encoded.body, None)
    np.testing.assert_array_equal(read.inputs["x"], sent, strict=True)
    assert read.binary_output is False


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("datatype", [name for name in NUMPY_TYPES if name != "FP16"])
@settings(max_examples=40)
@given(data=st.data())
def test_responses_round_trip(datatype: str, binary: bool, data: st.DataObject) -> None:
    sent = data.draw(tensors(datatype))
    encoded = encode_response("m", "1.0.0", {"y": sent}, id="q", binary_default=binary, parameters={"ms": 1.5})
    read = decode_response(encoded.body, encoded.header_length)
    np.testing.assert_array_equal(read.outputs["y"], sent, strict=True)
    assert (read.model_name, read.model_version, read.id, read.parameters) == ("m", "1.0.0", "q", {"ms": 1.5})


def body_of(*inputs: dict[str, Any], **fields: object) -> bytes:
    return orjson.dumps({"inputs": inputs, **fields})


@pytest.mark.parametrize("data", [[1, 2, 3, 4, 5, 6], [[1, 2, 3], [4, 5, 6]]])
def test_json_data_is_flat_or_nested(data: list[Any]) -> None:
    read = decode_request(body_of({"name": "x", "datatype": "INT64", "shape": [2, 3], "data": data}), None)
    np.testing.assert_array_equal(read.inputs["x"], [[1, 2, 3], [4, 5, 6]])


def test_the_bytes_on_the_wire_are_those_of_the_specification() -> None:
    header = (
        b'{"inputs":[{"name":"t","datatype":"BYTES","shape":[2],"parameters":{"binary_data_size":11}},'
        b'{"name":"n","datatype":"UINT16","shape":[1,2],"parameters":{"binary_data_size":4}}]}'
    )
    body = header + b"\x02\0\0\0hi" + b"\x01\0\0\0\xff" + b"\x01\x02\x00\x80"
    read = decode_request(body, len(header))
    assert read.inputs["t"].tolist() == [b"hi", b"\xff"]
    assert read.inputs["n"].tolist() == [[0x0201, 0x8000]]


def test_tensors_are_aligned_views_of_the_body() -> None:
    encoded = encode_request({"x": np.ones((2, 3), np.float64)})
    tensor = decode_request(encoded.body, encoded.header_length).inputs["x"]
    whole = np.frombuffer(encoded.body, np.uint8)
    assert np.shares_memory(tensor, whole)
    assert tensor.flags.aligned
    assert not tensor.flags.writeable


def test_misaligned_tensors_are_copied_into_place() -> None:
    encoded = encode_request({"x": np.arange(4, dtype=np.float64)})
    assert encoded.header_length is not None
    body = b" " + encoded.body
    tensor = decode_request(body, encoded.header_length + 1).inputs["x"]
    assert tensor.flags.aligned
    assert tensor.tolist() == [0, 1, 2, 3]


def test_any_memory_layout_is_written_row_major() -> None:
    base = np.arange(12, dtype=np.int32).reshape(3, 4)
    for binary in (True, False):
        encoded = encode_request({"x": base.T[::2]}, binary_input=binary)
        np.testing.assert_array_equal(decode_request(encoded.body, encoded.header_length).inputs["x"], base.T[::2])


def test_outputs_and_their_form_are_chosen_one_by_one() -> None:
    body = body_of(
        {"name": "x", "datatype": "BOOL", "shape": [1], "data": [True]},
        parameters={"binary_data_output": True, "top_k": 3},
        outputs=[{"name": "b", "parameters": {"binary_data": False}}, {"name": "a"}],
    )
    read = decode_request(body, None)
    assert read.outputs == (RequestedOutput("b", binary=False), RequestedOutput("a"))
    assert read.binary_output
    assert read.parameters == {"top_k": 3}
    outputs = {"a": np.ones(1, np.float32), "b": np.ones(2, np.float32), "c": np.ones(3, np.float32)}
    encoded = encode_response("m", "1", outputs, requested=read.outputs, binary_default=read.binary_output)
    header = orjson.loads(encoded.body[: encoded.header_length])
    assert [entry["name"] for entry in header["outputs"]] == ["b", "a"]
    assert header["outputs"][0]["data"] == [1.0, 1.0]
    assert header["outputs"][1]["parameters"] == {"binary_data_size": 4}


def test_an_unknown_output_is_the_callers_fault() -> None:
    with pytest.raises(InvalidRequest, match="there is a") as caught:
        encode_response("m", "1", {"a": np.ones(1)}, requested=[RequestedOutput("z")])
    assert caught.value.param == "outputs[0].name"


def test_empty_outputs_round_trip() -> None:
    outputs = {"boxes": np.empty((1, 0, 4), np.float32), "texts": bytes_tensor([])}
    for binary in (True, False):
        encoded = encode_response("m", None, outputs, binary_default=binary)
        read = decode_response(encoded.body, encoded.header_length)
        assert read.outputs["boxes"].shape == (1, 0, 4)
        assert read.outputs["texts"].shape == (0,)
        assert read.model_version is None


@pytest.mark.parametrize(
    "tensor", [np.ones(1, np.float16), bytes_tensor([b"\xff\xd8"])], ids=["half precision", "not text"]
)
def test_what_json_cannot_carry_asks_for_binary(tensor: Tensor) -> None:
    with pytest.raises(InvalidRequest, match="binary_data") as caught:
        encode_response("m", "1", {"y": tensor})
    assert caught.value.param == "outputs[0]"
    encoded = encode_response("m", "1", {"y": tensor}, binary_default=True)
    assert decode_response(encoded.body, encoded.header_length).outputs["y"].tolist() == tensor.tolist()


@pytest.mark.parametrize(
    "tensor", [np.array([np.nan]), np.ones(1, np.complex64), np.array(["a"]), np.array([1], np.object_)]
)
def test_what_a_model_may_not_give_is_internal(tensor: Tensor) -> None:
    with pytest.raises(Internal):
        encode_response("m", "1", {"y": tensor})


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b'{"model_name":"m"}', b'{"model_name":"","outputs":[]}'])
def test_a_workers_broken_response_is_not_the_callers_fault(body: bytes) -> None:
    with pytest.raises(Internal, match="response"):
        decode_response(body, None)


def test_header_length() -> None:
    assert parse_header_length(None) is None
    assert parse_header_length("12") == 12
    for wrong in ("", "-1", "+1", "1_0", " 1", "0x1", "٣", "9" * 5000):
        with pytest.raises(InvalidRequest):
            parse_header_length(wrong)


def test_bodies_without_binary_tensors_are_plain_json() -> None:
    assert encode_response("m", "1", {}) == EncodedBody(b'{"model_name":"m","model_version":"1","outputs":[]}', None)
