"""Named tensors, in the data types of the Open Inference Protocol.

Text and encoded files travel as `BYTES`: a NumPy array of `object` that holds `bytes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

DataType: TypeAlias = Literal[
    "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "BYTES"
]
Tensor: TypeAlias = npt.NDArray[Any]
Tensors: TypeAlias = Mapping[str, Tensor]

NUMPY_TYPES: Mapping[str, np.dtype[Any]] = {
    "BOOL": np.dtype(np.bool_),
    "UINT8": np.dtype(np.uint8),
    "UINT16": np.dtype(np.uint16),
    "UINT32": np.dtype(np.uint32),
    "UINT64": np.dtype(np.uint64),
    "INT8": np.dtype(np.int8),
    "INT16": np.dtype(np.int16),
    "INT32": np.dtype(np.int32),
    "INT64": np.dtype(np.int64),
    "FP16": np.dtype(np.float16),
    "FP32": np.dtype(np.float32),
    "FP64": np.dtype(np.float64),
    "BYTES": np.dtype(np.object_),
}
DATA_TYPES: Mapping[np.dtype[Any], str] = {dtype: name for name, dtype in NUMPY_TYPES.items()}


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """What a model takes or gives under one name; -1 in `shape` is a free dimension."""

    name: str
    datatype: DataType
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """A model's public tensors. A request uses exactly one of `inputs`: alternatives, not a tuple.

    The first dimension of every tensor is the batch: row i of each output belongs to row i of the input.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


def bytes_tensor(values: list[bytes]) -> Tensor:
    """A one-dimensional BYTES tensor; NumPy would otherwise make fixed-width strings of equal-length values."""
    tensor = np.empty(len(values), dtype=np.object_)
    tensor[:] = values
    return tensor
