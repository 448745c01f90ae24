"""Reading a request's rows."""

from __future__ import annotations

import numpy as np
import pytest

from ekiben.errors import InvalidRequest, PayloadTooLarge
from ekiben.inference.tensors import Signature, TensorSpec, bytes_tensor
from ekiben.runtimes.requests import rows_of, text_of

SIGNATURE = Signature(
    inputs=(TensorSpec("text", "BYTES", (-1,)), TensorSpec("pixels", "FP32", (-1, 3))),
    outputs=(TensorSpec("y", "FP32", (-1,)),),
)


def test_the_input_that_was_sent_is_found() -> None:
    spec, rows = rows_of({"pixels": np.zeros((2, 3), np.float32)}, SIGNATURE, 4)
    assert (spec.name, len(rows)) == ("pixels", 2)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({}, "exactly one"),
        ({"text": bytes_tensor([b"a"]), "pixels": np.zeros((1, 3), np.float32)}, "exactly one"),
        ({"other": bytes_tensor([b"a"])}, "one of: text, pixels"),
        ({"pixels": np.zeros((1, 3), np.float64)}, "must be FP32"),
        ({"pixels": np.zeros((1, 4), np.float32)}, r"shape \[1, 4\]"),
        ({"pixels": np.zeros((3,), np.float32)}, r"shape \[3\]"),
        ({"pixels": np.zeros((0, 3), np.float32)}, "empty"),
    ],
)
def test_what_does_not_fit_is_said(inputs: dict[str, np.ndarray], words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        rows_of(inputs, SIGNATURE, 4)


def test_too_many_rows() -> None:
    with pytest.raises(PayloadTooLarge, match="5 items; the limit is 4"):
        rows_of({"text": bytes_tensor([b"a"] * 5)}, SIGNATURE, 4)


@pytest.mark.parametrize("value", [b"\xff\xfe", b"", b" \n\t"])
def test_text_must_be_text(value: bytes) -> None:
    with pytest.raises(InvalidRequest, match=r"input\[0\]"):
        text_of(value, "input[0]")
