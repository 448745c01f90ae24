"""Writes torch's old file format and joblib's, so that their readers are tested without either."""

from __future__ import annotations

import pickle
import struct
import sys
import types
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


class _JoblibPickler(pickle._Pickler):
    """Writes as joblib does: an array's description, then, behind it in the file, its values."""

    file: Any = None

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if not isinstance(obj, np.ndarray):
            super().save(obj, save_persistent_id)  # type: ignore[misc]
            return
        order = "F" if obj.flags.f_contiguous and not obj.flags.c_contiguous else "C"
        described = sys.modules["joblib.numpy_pickle"].NumpyArrayWrapper()
        described.__dict__.update(
            subclass=np.ndarray,
            shape=obj.shape,
            order=order,
            dtype=obj.dtype,
            allow_mmap=True,
            numpy_array_alignment_bytes=16,
        )
        super().save(described, save_persistent_id)  # type: ignore[misc]
        self.framer.commit_frame(force=True)  # type: ignore[attr-defined]
        file: Any = self.file
        padding = 16 - (file.tell() + 1) % 16
        file.write(bytes([padding]) + b"\xff" * padding + obj.tobytes("F" if order == "F" else "C"))


WriteJoblib = Callable[[str, object], Path]


@pytest.fixture
def sklearn(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Make an object of a class of a package that is not installed: its dotted name and its attributes."""

    def make(dotted: str, **attributes: Any) -> Any:
        module, _, name = dotted.rpartition(".")
        parts = module.split(".")
        for package in (".".join(parts[:length]) for length in range(1, len(parts) + 1)):
            if package not in sys.modules:
                monkeypatch.setitem(sys.modules, package, types.ModuleType(package))
        found = sys.modules[module]
        if not hasattr(found, name):
            monkeypatch.setattr(found, name, type(name, (), {"__module__": module}), raising=False)
        instance = getattr(found, name)()
        instance.__dict__.update(attributes)
        return instance

    return make


@pytest.fixture
def write_joblib(tmp_path: Path, sklearn: Callable[..., Any]) -> WriteJoblib:
    """Write an object as joblib would."""
    sklearn("joblib.numpy_pickle.NumpyArrayWrapper")

    def write(name: str, value: object) -> Path:
        path = tmp_path / name
        with path.open("wb") as file:
            pickler = _JoblibPickler(file, protocol=5)
            pickler.file = file
            pickler.dump(value)
        return path

    return write
