"""The URL of a worker on another machine, as it may be believed: `http://host:port`, and nothing besides."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator

_MOST_CHARACTERS: Final = 300


def checked_worker_url(text: str) -> str:
    """The URL without a last slash.

    Raises:
        ValueError: It is none, or says more than scheme, host and port.
    """
    parts = urlsplit(text)
    bare = parts.path in ("", "/") and not (parts.query or parts.fragment or "@" in parts.netloc)
    if len(text) > _MOST_CHARACTERS or parts.scheme not in ("http", "https") or not bare:
        raise ValueError("must be http://host:port or https://host:port, and no more")
    if not parts.hostname or not parts.port:  # `port` itself raises where it is no number of a port.
        raise ValueError("must name a host and a port")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must be printable ASCII without spaces")
    return text.rstrip("/")


WorkerUrl = Annotated[str, AfterValidator(checked_worker_url)]
