"""The keys file: one JSON object a line, readable by its owner alone, or root's and a group's; replaced as a whole."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock
from pydantic import ValidationError

from ekiben.errors import ConfigurationError
from ekiben.policy.key_record import KeyRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
# As PostgreSQL has it for its own: what root owns, root has chosen the readers of. Orchestrators mount secrets so.
_OTHERS_OF_ROOTS = stat.S_IWGRP | stat.S_IXGRP | stat.S_IRWXO
_LOCK_TIMEOUT_S = 10


def read_keys(path: Path) -> tuple[KeyRecord, ...]:
    """Read every record.

    Raises:
        ConfigurationError: The file cannot be read, others may read it, or a line is wrong.
    """
    try:
        with path.open(encoding="utf-8") as file:
            _check_mode(path, os.fstat(file.fileno()))
            records = [_record(path, number, line) for number, line in enumerate(file, 1) if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(f"the keys file {path} cannot be read: {reason}") from None
    _check_unique(path, records)
    return tuple(records)


def write_keys(path: Path, records: Iterable[KeyRecord]) -> None:
    """Replace the file; a reader sees the old or the new one, never a part, also after a power cut.

    Raises:
        ConfigurationError: It cannot be written.
    """
    text = "".join(record.model_dump_json(exclude_none=True) + "\n" for record in records)
    temporary: str | None = None
    try:
        # mkstemp makes the file with mode 0600.
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
        temporary = None
        _sync_folder(path.parent)
    except OSError as error:
        raise ConfigurationError(f"the keys file {path} cannot be written: {error.strerror}") from None
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep two commands from reading the same file and each writing its own change.

    Raises:
        ConfigurationError: The folder does not exist or another command holds the lock for too long.
    """
    if not path.parent.is_dir():  # the lock would make it
        raise ConfigurationError(f"the keys file {path} cannot be changed: there is no folder {path.parent}")
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=_LOCK_TIMEOUT_S, mode=0o600)
    try:
        lock.acquire()
    except OSError as error:  # a timeout is one too
        reason = error.strerror or "another command is changing it"
        raise ConfigurationError(f"the keys file {path} cannot be changed: {reason}") from None
    try:
        yield
    finally:
        lock.release()


def is_open(mode: int, owner: int) -> bool:
    """Whether others than the owner may use a file; of root's, a group may read."""
    return bool(mode & (_OTHERS if owner else _OTHERS_OF_ROOTS))


def _check_mode(path: Path, status: os.stat_result) -> None:
    if is_open(status.st_mode, status.st_uid):
        raise ConfigurationError(
            f"the keys file {path} has mode {stat.S_IMODE(status.st_mode):04o}: others may use it;"
            f" run: chmod 600 {path}"
        )


def _record(path: Path, number: int, line: str) -> KeyRecord:
    try:
        return KeyRecord.model_validate_json(line)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'line'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        )
        raise ConfigurationError(f"{path}, line {number}: {faults}") from None


def _check_unique(path: Path, records: Iterable[KeyRecord]) -> None:
    seen: set[str] = set()
    for record in records:
        if record.id in seen:
            raise ConfigurationError(f"{path}: the key id {record.id} is there twice")
        seen.add(record.id)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
