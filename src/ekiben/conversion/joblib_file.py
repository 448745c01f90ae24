"""Reads joblib's files of fitted scikit-learn models, without joblib, without scikit-learn, and without running them.

Such a file is a pickle in which the raw values of each array stand right behind the opcode that ends the array's
description. An object comes back as its class's name and its attributes (`Instance`); nothing is imported or made.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from ekiben.conversion.pickle_machine import Call, Machine, Name, read_pickle
from ekiben.errors import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MAX_FILE_BYTES: Final = 2**30
MAX_DIMENSIONS: Final = 8

_ARRAY: Final = "joblib.numpy_pickle NumpyArrayWrapper"
_DTYPE: Final = "numpy dtype"
_SCALARS: Final = frozenset({"numpy._core.multiarray scalar", "numpy.core.multiarray scalar"})
# Little-endian numbers; an array of objects would be a pickle of its own.
_KINDS: Final = frozenset({"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"})


@dataclass(slots=True)
class Instance:
    """An object of the file: the class it names and its attributes."""

    name: str
    attributes: dict[str, Any] = field(default_factory=dict)


def read_joblib(path: Path) -> object:
    """What the file holds: plain data, NumPy arrays and `Instance`s.

    Raises:
        WeightsError: It is damaged or compressed, or wants a call that no fitted model needs.
    """
    if path.stat().st_size > MAX_FILE_BYTES:
        raise WeightsError(f"{path.name} is larger than {MAX_FILE_BYTES} bytes")
    with path.open("rb") as file:
        try:
            return read_pickle(file, _JoblibMachine(file))
        except WeightsError as error:
            raise WeightsError(f"{path.name}: {error.message}") from None


class _JoblibMachine(Machine):
    """The opcodes of pickle's protocols 4 and 5 that models use, and arrays behind their descriptions."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file

    @property
    def literals(self) -> frozenset[str]:
        """See `Machine`."""
        return _LITERALS

    @property
    def operations(self) -> Mapping[str, Callable[[Any, Any], None]]:
        """See `Machine`."""
        return _OPERATIONS

    def memoize(self, _: object) -> None:
        """Remember the topmost value under the next number."""
        self.memo[len(self.memo)] = self.stack[-1]

    def global_name(self, _: object) -> None:
        """Take module and name, leave them as text."""
        name, module = self.pop(), self.pop()
        if type(name) is not str or type(module) is not str:
            raise TypeError("unexpected name")
        self.stack.append(Name(f"{module} {name}"))

    def new_object(self, _: object) -> None:
        """Note that an object of a class is wanted; classes that take arguments are none we know."""
        arguments, kind = self.pop(), self.pop()
        if type(kind) is not Name or arguments != ():
            raise TypeError("unexpected object")
        self.stack.append(Instance(kind.text))

    def call(self, _: object) -> None:
        """Take a data type's description and a number; refuse every other call."""
        arguments, function = self.pop(), self.pop()
        if type(function) is not Name or type(arguments) is not tuple:
            raise TypeError("unexpected call")
        if function.text == _DTYPE:
            self.stack.append(Call(_DTYPE, arguments))
        elif function.text in _SCALARS:
            kind, content = arguments
            self.stack.append(np.frombuffer(content, _dtype(kind), count=1)[0].item())
        else:
            raise WeightsError(f"the pickle asks to call {function.text!r}, which is refused")

    def build(self, _: object) -> None:
        """Give an object its attributes; an array's description is replaced by the array behind it."""
        state, target = self.pop(), self.stack[-1]
        if isinstance(target, Call):
            _check_byte_order(state)
            return
        if type(target) is not Instance or type(state) is not dict:
            raise TypeError("unexpected state")
        target.attributes.update(state)
        if target.name == _ARRAY:
            self.stack[-1] = self._read_array(target.attributes)

    def _read_array(self, described: Mapping[str, Any]) -> NDArray[Any]:
        dtype, shape = _dtype(described["dtype"]), _shape(described["shape"])
        if described.get("numpy_array_alignment_bytes") is not None:
            # One byte says how many of padding follow it.
            self._file.seek(self._file.read(1)[0], os.SEEK_CUR)
        size = math.prod(shape) * dtype.itemsize
        # Asked of the file before memory is taken, so that a false shape costs nothing.
        if size > os.fstat(self._file.fileno()).st_size - self._file.tell():
            raise WeightsError("ends in the middle of an array")
        values: NDArray[Any] = np.frombuffer(self._file.read(size), dtype)
        return values.reshape(shape, order="F" if described["order"] == "F" else "C")


def _dtype(described: object) -> np.dtype[Any]:
    kind = described.arguments[0] if isinstance(described, Call) and described.arguments else None
    if kind not in _KINDS:
        raise WeightsError("holds an array that is not of plain numbers")
    return np.dtype(f"<{kind}")


def _check_byte_order(state: object) -> None:
    if type(state) is not tuple or len(state) < 2 or state[1] not in ("<", "|"):
        raise WeightsError("was not written on a little-endian machine")


def _shape(value: object) -> tuple[int, ...]:
    if type(value) is not tuple or len(value) > MAX_DIMENSIONS:
        raise TypeError("unexpected shape")
    if any(type(size) is not int or not 0 <= size <= MAX_FILE_BYTES for size in value):
        raise TypeError("unexpected shape")
    return value


_LITERALS: Final = Machine().literals | {"SHORT_BINUNICODE", "SHORT_BINBYTES", "BINFLOAT"}
_OPERATIONS: Final[Mapping[str, Callable[[Any, Any], None]]] = {
    **{name: operation for name, operation in Machine().operations.items() if name not in ("GLOBAL", "BINPERSID")},
    "FRAME": lambda _, __: None,  # how the writer cut the file; of no meaning to a reader
    "MEMOIZE": _JoblibMachine.memoize,
    "STACK_GLOBAL": _JoblibMachine.global_name,
    "NEWOBJ": _JoblibMachine.new_object,
    "REDUCE": _JoblibMachine.call,
    "BUILD": _JoblibMachine.build,
}
