"""A folder whose files are on the disk when they are said to be: a power loss takes none of them."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

UNFINISHED: Final = r"\.[0-9a-f]{16}\.part"
"""A pattern: what a file's name ends in until it is whole, and for good where its writer died."""


def make_folder(path: Path) -> None:
    """Make a folder for this user alone, and those above it, if they are not there.

    Raises:
        OSError: It cannot be made.
    """
    made = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for each in made:
        _force(each.parent)


def write_file(root: Path, key: str, content: bytes) -> None:
    """Write a file below `root`: a reader sees all of it or nothing, an existing one is replaced.

    It has another name until it is whole (`UNFINISHED`), which stands beside its own: whoever lists the folder to clear
    it finds what a writer that died left behind.

    Raises:
        OSError: It cannot be written; a former file stands.
    """
    path = root / key
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    # All the way up: who made a folder just before us may not have forced its name yet.
    for folder in path.parents[: len(Path(key).parts)]:
        _force(folder)


def _force(folder: Path) -> None:
    """Force the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
