"""The files of the page at `/`: read once, told apart by what is in them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "page"
# By suffix; a file of another kind has no business there.
_MEDIA_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file; `etag` is the same wherever its content is."""

    content: bytes
    media_type: str
    etag: str


def read_page(folder: Path = FOLDER) -> Mapping[str, PageFile]:
    """Every file of the folder by its name. What is not here cannot be asked for: no path is ever looked up."""
    return {
        path.name: _read(path, media_type)
        for path in sorted(folder.iterdir())
        if (media_type := _MEDIA_TYPES.get(path.suffix))
    }


def _read(path: Path, media_type: str) -> PageFile:
    content = path.read_bytes()
    return PageFile(content, media_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
