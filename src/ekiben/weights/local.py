"""`file:` sources: a file of this machine."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ekiben.errors import WeightsError
from ekiben.weights.digest import CHUNK_BYTES
from ekiben.weights.source import Body

if TYPE_CHECKING:
    from collections.abc import Iterator


class LocalFile:
    """A file by its absolute path, or by one relative to the folder of cards.

    A relative path stays inside that folder, symbolic links followed: a card that came with a repository can
    only name what came with it. Whoever writes an absolute path means that very file.
    """

    def __init__(self, path: str, models_dir: Path) -> None:
        self._path = path
        self._models_dir = models_dir

    @contextmanager
    def open(self, offset: int, validator: str | None) -> Iterator[Body]:
        """Open the file at `offset` if it is unchanged since, else at 0."""
        path = self._resolved()
        try:
            with path.open("rb") as file:
                facts = path.stat()
                current = f"{facts.st_size}-{facts.st_mtime_ns}-{facts.st_ino}"
                offset = offset if validator == current and offset <= facts.st_size else 0
                file.seek(offset)
                yield Body(offset, _chunks(file), facts.st_size, current)
        except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
            if error.filename not in (None, str(path)):
                raise
            raise WeightsError(f"cannot read {path}: {error.strerror}") from None

    def _resolved(self) -> Path:
        path = Path(self._path)
        if path.is_absolute():
            return path
        root = self._models_dir.resolve()
        resolved = (root / path).resolve()
        if not resolved.is_relative_to(root):
            raise WeightsError(f"file:{path} leads out of {root}; write an absolute path if that is meant")
        return resolved


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk
