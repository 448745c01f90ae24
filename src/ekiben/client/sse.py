"""Server-sent events out of bytes, without a transport."""

from __future__ import annotations


class EventDecoder:
    """Gives the data of every event as soon as its last byte has come.

    An event may have several `data:` lines and ends with an empty one; comments and other fields are skipped.
    """

    def __init__(self) -> None:
        self._held = b""
        self._data: list[str] = []

    def feed(self, piece: bytes) -> list[str]:
        """The data of the events that `piece` completes, in order."""
        *lines, self._held = (self._held + piece).split(b"\n")
        found = []
        for line in lines:
            text = line.rstrip(b"\r").decode("utf-8", "replace")
            name, _, value = text.partition(":")
            if name == "data":
                self._data.append(value.removeprefix(" "))
            elif not text and self._data:
                found.append("\n".join(self._data))
                self._data = []
        return found
