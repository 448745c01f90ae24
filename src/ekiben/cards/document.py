"""A card's YAML as plain values, with the line every key stands on.

Only what JSON has is read: mappings, lists, strings, numbers, booleans and null. Anchors, tags, repeated keys
and deep nesting are refused, so that a small file can neither grow in memory nor say two things at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from ekiben.errors import CardError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20

Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One file's values; `lines` maps the path of a key or list item to its line."""

    path: Path
    values: dict[str, Any]
    lines: Mapping[Location, int]

    def line_of(self, location: Location) -> int:
        """Return the line of the nearest enclosing thing that the file has."""
        for length in range(len(location), 0, -1):
            if location[:length] in self.lines:
                return self.lines[location[:length]]
        return 1

    def fault(self, location: Location, reason: str) -> CardError:
        """Return an error that names the file, the line, the field and the reason."""
        field = ".".join(str(part) for part in location)
        return _fault(self.path, self.line_of(location), f"{field}: {reason}" if field else reason)


def read_document(path: Path) -> Document:
    """Read one card file.

    Raises:
        CardError: The file cannot be read, is too large, is not YAML or is not one mapping.
    """
    text = _text(path)
    try:
        _refuse_tricks(path, text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise _fault(path, mark.line + 1 if mark else 1, f"not valid YAML: {reason}") from None
    if not isinstance(node, yaml.MappingNode):
        raise _fault(path, 1, "must be a mapping of fields")
    reader = _Reader(path)
    return Document(path, reader.mapping(node, ()), reader.lines)


def _fault(path: Path, line: int, reason: str) -> CardError:
    return CardError(f"{path}:{line}: {reason}")


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _fault(path, 1, f"cannot be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise _fault(path, 1, f"is larger than {MAX_BYTES // 1024} KiB")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _fault(path, line, "is not UTF-8 text") from None


def _refuse_tricks(path: Path, text: str) -> None:
    """Look at the stream of events first: nothing is built from a file that anchors, tags or nests deeply."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _fault(path, line, "anchors and aliases are not allowed")
        if tag := getattr(event, "tag", None):
            raise _fault(path, line, f"tags are not allowed: {tag}")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise _fault(path, line, f"is nested deeper than {MAX_DEPTH} levels")


class _Reader:
    """Turns nodes into values and remembers where they stood."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[Location, int] = {}
        # Used for its reading of plain scalars only; it is given one scalar node at a time.
        self._scalars = yaml.SafeLoader("")

    def mapping(self, node: yaml.MappingNode, at: Location) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = self._key(key_node, line)
            if key in values:
                first = self.lines[(*at, key)]
                name = ".".join(str(part) for part in (*at, key))
                raise _fault(self.path, line, f"{name}: is given twice (first on line {first})")
            self.lines[(*at, key)] = line
            values[key] = self._value(value_node, (*at, key))
        return values

    def _key(self, node: yaml.Node, line: int) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise _fault(self.path, line, "keys must be plain text")
        return str(node.value)

    def _value(self, node: yaml.Node, at: Location) -> object:
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, at)
        if isinstance(node, yaml.SequenceNode):
            return [self._item(item, (*at, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _item(self, node: yaml.Node, at: Location) -> object:
        self.lines[at] = node.start_mark.line + 1
        return self._value(node, at)

    def _scalar(self, node: yaml.Node) -> str | int | float | bool | None:
        try:
            value = self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            value = node.value
        if value is None or isinstance(value, str | int | float | bool):
            return value
        # Dates and the like: a card knows only text, so 2026-11-21 stays what was written.
        return str(node.value)
