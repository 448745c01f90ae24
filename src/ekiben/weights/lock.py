"""`models/weights.lock`: size and SHA-256 of every file of every model, before and after conversion.

A file that is not in the lock is never stored. The text is the same for the same content, one value a line,
so that a change of weights is a change a reviewer sees.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from ekiben.errors import WeightsError
from ekiben.weights.digest import Digest
from ekiben.weights.exclusive import exclusive

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ekiben.cards.card import Card

LOCK_FILE: Final = "weights.lock"
MAX_BYTES: Final = 16 * 2**20
_HEADER: Final = "# Written by `ekiben models add` and `ekiben models pull --lock`; not by hand.\n"
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class LockedFile:
    """One origin: where a file came from and what it was."""

    source: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class LockEntry:
    """One model's files.

    Attributes:
        version: The card's version when it was locked.
        origins: What is fetched, by the name the card gives it.
        converted: What the card's recipe makes of it; empty where nothing is converted.
    """

    version: str
    origins: Mapping[str, LockedFile]
    converted: Mapping[str, Digest] = field(default_factory=dict)

    @property
    def stored(self) -> dict[str, Digest]:
        """What the model store holds."""
        return dict(self.converted) or {name: file.digest for name, file in self.origins.items()}


class WeightsLock:
    """The lock's entries by served name."""

    def __init__(self, entries: Mapping[str, LockEntry] | None = None) -> None:
        self.entries = dict(entries or {})

    def entry(self, card: Card) -> LockEntry:
        """Return the card's entry.

        Raises:
            WeightsError: There is none, or it is of other files than the card's.
        """
        entry = self.entries.get(card.name)
        reason = "is not in the lock" if entry is None else _mismatch(card, entry)
        if entry is None or reason:
            raise WeightsError(
                f"{card.name}: {reason}; check where the files come from, then run:"
                f" ekiben models pull {card.name} --lock"
            )
        return entry


def _mismatch(card: Card, entry: LockEntry) -> str:
    if entry.version != card.version:
        return f"is locked at version {entry.version}, its card says {card.version}"
    for name, uri in card.source.files.items():
        locked = entry.origins.get(name)
        if locked is None:
            return f"{name} is not in the lock"
        if locked.source != uri:
            return f"{name} is locked from another source, {locked.source}"
    if set(entry.origins) != set(card.source.files):
        return "the lock lists files its card does not have"
    if bool(entry.converted) != bool(card.source.convert):
        return "the lock and the card disagree on whether files are converted"
    return ""


def read_lock(path: Path) -> WeightsLock:
    """Read the lock; a missing file is an empty lock.

    Raises:
        WeightsError: The file cannot be read or is not a lock.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise WeightsError(f"{path}: is larger than {MAX_BYTES} bytes")
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return WeightsLock({str(name): _entry(value) for name, value in (content or {}).items()})
    except FileNotFoundError:
        return WeightsLock()
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise WeightsError(f"{path}: is damaged ({type(error).__name__}); restore it from version control") from None


def write_lock(path: Path, lock: WeightsLock) -> None:
    """Replace the lock in one step.

    Raises:
        WeightsError: The folder cannot be written.
    """
    content = {name: _plain(entry) for name, entry in sorted(lock.entries.items())}
    text = _HEADER + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1_000)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise WeightsError(f"{path}: cannot be written: {error.strerror}") from None


@contextmanager
def changed_lock(path: Path) -> Iterator[WeightsLock]:
    """Give the lock to change and write it afterwards; two commands at once wait for each other.

    Raises:
        WeightsError: The file cannot be read or written.
    """
    name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
    with exclusive(Path(tempfile.gettempdir()) / f"ekiben-{os.getuid()}" / f"{name}.lock"):
        lock = read_lock(path)
        yield lock
        write_lock(path, lock)


def _plain(entry: LockEntry) -> dict[str, Any]:
    origins = {
        name: {"source": file.source, **_plain_digest(file.digest)} for name, file in sorted(entry.origins.items())
    }
    plain: dict[str, Any] = {"version": entry.version, "origins": origins}
    if entry.converted:
        plain["converted"] = {name: _plain_digest(digest) for name, digest in sorted(entry.converted.items())}
    return plain


def _plain_digest(digest: Digest) -> dict[str, Any]:
    return {"size_bytes": digest.size_bytes, "sha256": digest.sha256}


def _entry(value: Mapping[str, Any]) -> LockEntry:
    origins = {str(name): LockedFile(str(file["source"]), _digest(file)) for name, file in value["origins"].items()}
    converted = {str(name): _digest(file) for name, file in value.get("converted", {}).items()}
    return LockEntry(str(value["version"]), origins, converted)


def _digest(value: Mapping[str, Any]) -> Digest:
    size, sha256 = value["size_bytes"], value["sha256"]
    if type(size) is not int or size < 0 or not _SHA256.fullmatch(sha256):
        raise ValueError("not a size and a digest")
    return Digest(size, sha256)
