"""What `power_loss.c` noted, and a folder as a power loss would have left it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Forced:
    """One line: so much of a file (`what` is "file"), or a name in its folder ("name"), is on the disk."""

    what: str
    inode: int
    length: int
    path: Path


def read_forced(log: Path) -> list[Forced]:
    """Every line, oldest first."""
    lines = [line.split(" ", 3) for line in log.read_text().splitlines()] if log.exists() else []
    return [Forced(what, int(inode), int(length), Path(path)) for what, inode, length, path in lines]


def copy_what_was_forced(root: Path, log: Path, to: Path) -> None:
    """Make at `to` what is left of `root`, whose own name has to have been forced as well."""
    forced = read_forced(log)
    lengths = {noted.inode: noted.length for noted in forced if noted.what == "file"}
    inodes = {noted.path: noted.inode for noted in forced if noted.what == "name"}
    for path in [root, *sorted(root.rglob("*"))]:
        above = [parent for parent in path.parents if parent.is_relative_to(root)]
        if any(inodes.get(each) != each.stat().st_ino for each in (path, *above)):
            continue
        copy = to / path.relative_to(root)
        if path.is_dir():
            copy.mkdir(parents=True, exist_ok=True)
        else:
            copy.write_bytes(path.read_bytes()[: lengths.get(path.stat().st_ino, 0)])
