"""Reads tensors from torch's file format of before 1.6, without torch and without running the file's pickle.

The file is five pickles (magic number, protocol version, system facts, the table of tensors, the list of
storage keys), then each storage: its number of elements as 8 bytes and its raw little-endian values.
"""

from __future__ import annotations

import math
import struct
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ekiben.conversion.pickle_machine import Call, Name, Persistent, read_pickle
from ekiben.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAGIC: Final = 0x1950A86A20F9469CFC6C
PROTOCOL: Final = 1001
MAX_FILE_BYTES: Final = 4 * 2**30
MAX_DIMENSIONS: Final = 8

_DTYPES: Final[dict[str, np.dtype[Any]]] = {
    "torch DoubleStorage": np.dtype("<f8"),
    "torch FloatStorage": np.dtype("<f4"),
    "torch HalfStorage": np.dtype("<f2"),
    "torch LongStorage": np.dtype("<i8"),
    "torch IntStorage": np.dtype("<i4"),
    "torch ShortStorage": np.dtype("<i2"),
    "torch CharStorage": np.dtype("i1"),
    "torch ByteStorage": np.dtype("u1"),
    "torch BoolStorage": np.dtype("?"),
}

Array = NDArray[Any]


def read_state_dict(path: Path) -> dict[str, Array]:
    """Every tensor of the file's state dict, by name.

    Raises:
        WeightsError: The file is not in this format, is damaged, or holds anything but plain tensors.
    """
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise WeightsError(f"{path.name} has {size} bytes; at most {MAX_FILE_BYTES} are read")
    with path.open("rb") as file:
        try:
            return _read(file)
        except WeightsError as error:
            raise WeightsError(f"{path.name}: {error.message}") from None


def _read(file: IO[bytes]) -> dict[str, Array]:
    if file.read(2) == b"PK":
        raise WeightsError("is in torch's zip format; this reader knows the format of before torch 1.6 only")
    file.seek(0)
    if read_pickle(file) != MAGIC or read_pickle(file) != PROTOCOL:
        raise WeightsError("is not a torch file of the old format")
    facts = read_pickle(file)
    if not isinstance(facts, dict) or facts.get("little_endian") is not True:
        raise WeightsError("was not written on a little-endian machine")
    table = read_pickle(file)
    keys = read_pickle(file)
    if not isinstance(table, dict) or not isinstance(keys, list) or any(type(key) is not str for key in keys):
        raise WeightsError("holds no table of tensors")
    tensors = {str(name): _Tensor(value) for name, value in table.items()}
    storages = _storages(file, keys, {tensor.key: tensor.dtype for tensor in tensors.values()})
    return {name: tensor.read(storages) for name, tensor in tensors.items()}


def _storages(file: IO[bytes], keys: list[Any], dtypes: Mapping[str, np.dtype[Any]]) -> dict[str, Array]:
    if len(set(keys)) != len(keys) or set(keys) != set(dtypes):
        raise WeightsError("its list of storages does not match its tensors")
    storages = {}
    for key in keys:
        header = file.read(8)
        if len(header) != 8:
            raise WeightsError("ends in the middle")
        (count,) = struct.unpack("<q", header)
        wanted = count * dtypes[key].itemsize
        # Asked of the file before memory is taken, so that a false count costs nothing.
        if count < 0 or wanted > _bytes_left(file):
            raise WeightsError("ends in the middle")
        storages[key] = np.frombuffer(file.read(wanted), dtype=dtypes[key])
    if _bytes_left(file):
        raise WeightsError("goes on behind its last storage")
    return storages


def _bytes_left(file: IO[bytes]) -> int:
    here = file.tell()
    end = file.seek(0, 2)
    file.seek(here)
    return end - here


class _Tensor:
    """One recorded tensor, checked field by field."""

    def __init__(self, value: object) -> None:
        if not isinstance(value, Call) or len(value.arguments) < 4:
            raise WeightsError("its table holds something that is no tensor")
        storage, offset, shape, strides = value.arguments[:4]
        self.key, self.dtype, self.count = _storage(storage)
        self.shape, self.strides = _sizes(shape), _sizes(strides)
        (self.offset,) = _sizes((offset,))
        if len(self.shape) != len(self.strides) or not self._inside():
            raise WeightsError("a tensor reaches outside its storage")

    def _inside(self) -> bool:
        if 0 in self.shape:
            return True
        last = sum((size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True))
        # Overlapping views could describe far more elements than there are.
        return self.offset + last < self.count and math.prod(self.shape) <= self.count

    def read(self, storages: Mapping[str, Array]) -> Array:
        storage = storages[self.key]
        if storage.size != self.count:
            raise WeightsError("a storage is not as long as its tensors say")
        strides = tuple(stride * storage.itemsize for stride in self.strides)
        view = np.lib.stride_tricks.as_strided(storage[self.offset :], self.shape, strides, writeable=False)
        # Not ascontiguousarray, which makes a vector of a single number.
        return np.asarray(view, order="C")


def _sizes(values: object) -> tuple[int, ...]:
    """Return the numbers if each can be a size, a stride or an offset."""
    if not isinstance(values, tuple) or len(values) > MAX_DIMENSIONS:
        raise WeightsError("a tensor's shape is damaged")
    sizes = tuple(value for value in values if type(value) is int and 0 <= value <= MAX_FILE_BYTES)
    if len(sizes) != len(values):
        raise WeightsError("a tensor's shape is damaged")
    return sizes


def _storage(value: object) -> tuple[str, np.dtype[Any], int]:
    key = value.key if isinstance(value, Persistent) else None
    if not isinstance(key, tuple) or len(key) != 6 or key[0] != "storage" or key[5] is not None:
        raise WeightsError("a tensor's storage is damaged")
    _, kind, name, _, count, _ = key
    dtype = _DTYPES.get(kind.text) if isinstance(kind, Name) else None
    if dtype is None or not isinstance(name, str):
        raise WeightsError("a tensor's storage is of an unknown kind")
    (size,) = _sizes((count,))
    return name, dtype, size
