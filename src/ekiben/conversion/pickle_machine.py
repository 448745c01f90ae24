"""Interprets the few pickle opcodes that a table of tensors needs, and runs nothing.

Python's own unpickler imports whatever a file names and calls it. Here a name stays text (`Name`), a call is
allowed for two known names only and merely records its arguments, and every other opcode refuses the file.
A subclass may know a few more opcodes (`ekiben.conversion.joblib_file`); none of them runs anything either.
"""

from __future__ import annotations

import pickletools
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

from ekiben.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_OPCODES: Final = 2_000_000
MAX_TEXT_BYTES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Name:
    """What the file calls by `module name`; never imported."""

    text: str


@dataclass(frozen=True, slots=True)
class Persistent:
    """A reference to something stored outside the pickle."""

    key: object


@dataclass(frozen=True, slots=True)
class Call:
    """A call the file asks for, recorded instead of made."""

    name: str
    arguments: tuple[object, ...]


ORDERED_DICT: Final = "collections OrderedDict"
REBUILD_TENSOR: Final = "torch._utils _rebuild_tensor_v2"
_MARK: Final = object()

Container = TypeVar("Container", list[Any], dict[Any, Any])


def read_pickle(file: IO[bytes], machine: Machine | None = None) -> object:
    """Read one pickle from the file's position and leave the file just behind it.

    Args:
        file: Read opcode by opcode and never ahead, so that a machine may read what stands between two opcodes.
        machine: What interprets it; one for tables of tensors unless given.

    Raises:
        WeightsError: The pickle is damaged, too long, or wants anything but plain data and tensors.
    """
    machine = machine or Machine()
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(file)):
            if count >= MAX_OPCODES:
                raise WeightsError(f"the pickle has more than {MAX_OPCODES} instructions")
            if opcode.name == "STOP":
                return machine.pop()
            machine.run(opcode.name, argument)
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, MemoryError) as error:
        raise WeightsError(f"the pickle is damaged: {type(error).__name__}") from None
    raise WeightsError("the pickle has no end")


class Machine:
    """The stack, the memo and one method per family of opcodes."""

    def __init__(self) -> None:
        self.stack: list[object] = []
        self.memo: dict[int, object] = {}

    @property
    def literals(self) -> frozenset[str]:
        """Opcodes whose argument is the value."""
        return _LITERALS

    @property
    def operations(self) -> Mapping[str, Callable[[Any, Any], None]]:
        """What the other opcodes do: functions of this machine and the opcode's argument."""
        return _OPERATIONS

    def run(self, name: str, argument: object) -> None:
        """Carry out one opcode.

        Raises:
            WeightsError: It is not one of those known here.
        """
        if name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name]())
        elif name in self.literals:
            self.stack.append(bounded(argument))
        elif name in self.operations:
            self.operations[name](self, argument)
        elif name != "PROTO":
            raise WeightsError(f"the pickle holds the instruction {name}, which a table of tensors does not need")

    def pop(self) -> object:
        """Take the topmost value.

        Raises:
            ValueError: A mark is there instead.
        """
        value = self.stack.pop()
        if value is _MARK:
            raise ValueError("a mark is no value")
        return value

    def pop_to_mark(self) -> list[object]:
        """Take the values above the last mark, and the mark."""
        for index in range(len(self.stack) - 1, -1, -1):
            if self.stack[index] is _MARK:
                values = self.stack[index + 1 :]
                del self.stack[index:]
                return values
        raise IndexError("no mark")

    def top(self, kind: type[Container]) -> Container:
        """The topmost value, which must be of that kind."""
        value = self.stack[-1]
        if type(value) is not kind:
            raise TypeError("unexpected container")
        return value

    def mark(self, _: object) -> None:
        """Put a mark."""
        self.stack.append(_MARK)

    def name(self, argument: str) -> None:
        """Put a name, as text."""
        self.stack.append(Name(str(bounded(argument))))

    def put(self, index: int) -> None:
        """Remember the topmost value."""
        self.memo[index] = self.stack[-1]

    def get(self, index: int) -> None:
        """Put a remembered value."""
        self.stack.append(self.memo[index])

    def tuple_of(self, count: int) -> None:
        """Make a tuple of the topmost values."""
        values = tuple(self.pop() for _ in range(count))
        self.stack.append(values[::-1])

    def tuple_to_mark(self, _: object) -> None:
        """Make a tuple of the values above the last mark."""
        self.stack.append(tuple(self.pop_to_mark()))

    def append(self, _: object) -> None:
        """Append to the list below."""
        value = self.pop()
        self.top(list).append(value)

    def appends(self, _: object) -> None:
        """Append the values above the last mark to the list below it."""
        values = self.pop_to_mark()
        self.top(list).extend(values)

    def set_item(self, _: object) -> None:
        """Set one entry of the table below."""
        value, key = self.pop(), self.pop()
        self._set(key, value)

    def set_items(self, _: object) -> None:
        """Set the entries above the last mark in the table below it."""
        values = self.pop_to_mark()
        for key, value in zip(values[::2], values[1::2], strict=True):
            self._set(key, value)

    def _set(self, key: object, value: object) -> None:
        if type(key) not in (str, int):
            raise TypeError("unexpected key")
        self.top(dict)[key] = value

    def persistent(self, _: object) -> None:
        """Note a reference to something outside."""
        self.stack.append(Persistent(self.pop()))

    def call(self, _: object) -> None:
        """Note a call instead of making it; an empty table is one that is made."""
        arguments, function = self.pop(), self.pop()
        if type(function) is not Name or type(arguments) is not tuple:
            raise TypeError("unexpected call")
        if function.text == ORDERED_DICT and arguments == ():
            self.stack.append({})
        elif function.text == REBUILD_TENSOR:
            self.stack.append(Call(function.text, arguments))
        else:
            raise WeightsError(f"the pickle asks to call {function.text!r}, which is refused")

    def ignore_attributes(self, _: object) -> None:
        """Drop the `_metadata` torch hangs on its table; only the table is wanted."""
        self.pop()
        self.top(dict)


def bounded(value: object) -> object:
    """Refuse what no name and no number is as long as.

    Raises:
        WeightsError: A text of more than `MAX_TEXT_BYTES`.
    """
    if isinstance(value, str | bytes) and len(value) > MAX_TEXT_BYTES:
        raise WeightsError(f"the pickle holds a text longer than {MAX_TEXT_BYTES} bytes")
    return value


_CONSTANTS: Final[dict[str, Callable[[], object]]] = {
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
}
_LITERALS: Final = frozenset({"BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1"})
_OPERATIONS: Final[dict[str, Callable[[Machine, Any], None]]] = {
    "MARK": Machine.mark,
    "GLOBAL": Machine.name,
    "BINPUT": Machine.put,
    "LONG_BINPUT": Machine.put,
    "BINGET": Machine.get,
    "LONG_BINGET": Machine.get,
    "TUPLE": Machine.tuple_to_mark,
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "APPEND": Machine.append,
    "APPENDS": Machine.appends,
    "SETITEM": Machine.set_item,
    "SETITEMS": Machine.set_items,
    "BINPERSID": Machine.persistent,
    "REDUCE": Machine.call,
    "BUILD": Machine.ignore_attributes,
}
