"""Writes torch's old file format, so that its reader is tested without torch."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

MAGIC = 0x1950A86A20F9469CFC6C
KINDS = {"f4": "FloatStorage", "i8": "LongStorage", "f2": "HalfStorage"}

Arrays = Mapping[str, NDArray[Any]]
WriteTorch = Callable[[Arrays], Path]


def text(value: str) -> bytes:
    encoded = value.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def numbers(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(number(value) for value in values) + b"t"


def tensor(key: str, array: NDArray[Any]) -> bytes:
    strides = tuple(stride // array.itemsize for stride in array.strides)
    kind = KINDS[array.dtype.str[1:]]
    storage = b"(" + text("storage") + f"ctorch\n{kind}\n".encode() + text(key) + text("cpu")
    storage += number(array.size) + b"NtQ"
    arguments = b"(" + storage + number(0) + numbers(array.shape) + numbers(strides) + b"\x89"
    return b"ctorch._utils\n_rebuild_tensor_v2\n" + arguments + b"ccollections\nOrderedDict\n)Rt" + b"R"


def table(arrays: Arrays) -> bytes:
    items = b"".join(text(name) + tensor(str(index), array) for index, (name, array) in enumerate(arrays.items()))
    return b"\x80\x02ccollections\nOrderedDict\n)R(" + items + b"u."


def torch_file(arrays: Arrays) -> bytes:
    facts = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}
    head = [pickle.dumps(value, protocol=2) for value in (MAGIC, 1001, facts)]
    keys = pickle.dumps([str(index) for index in range(len(arrays))], protocol=2)
    storages = [struct.pack("<q", array.size) + array.tobytes(order="A") for array in arrays.values()]
    return b"".join([*head, table(arrays), keys, *storages])


@pytest.fixture
def write_torch(tmp_path: Path) -> WriteTorch:
    def write(arrays: Arrays) -> Path:
        path = tmp_path / "weights.pth"
        path.write_bytes(torch_file(arrays))
        return path

    return write


@pytest.fixture
def arrays() -> dict[str, NDArray[Any]]:
    random = np.random.default_rng(7)
    return {
        "a.weight": random.standard_normal((3, 2, 4)).astype("<f4"),
        "a.bias": random.standard_normal(3).astype("<f4"),
        "a.count": np.array(5, "<i8"),
        "transposed": random.standard_normal((4, 3)).astype("<f4").T,
        "empty": np.zeros((0, 3), "<f4"),
    }
