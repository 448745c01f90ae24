"""A repository on the model hub at one pinned revision: its files, their digests, what it says of itself."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ekiben.errors import WeightsError
from ekiben.weights.digest import Digest
from ekiben.weights.hub import Hub, HubFile
from ekiben.weights.lock import LockedFile

if TYPE_CHECKING:
    from ekiben.weights.download import Download

# Larger files are kept by the hub with their SHA-256; smaller ones are fetched to be hashed.
MAX_SMALL_BYTES: Final = 64 * 2**20
_REFERENCE: Final = re.compile(r"hf:(?P<name>\w[\w.-]*/\w[\w.-]*)(@(?P<revision>\w[\w./-]*))?")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Repository:
    """What the hub answered.

    Attributes:
        files: Every file's size, and its SHA-256 where the hub knows it.
        pipeline: The hub's word for the task, such as `sentence-similarity`.
        licence: The hub's word for the licence, such as `apache-2.0`; of one of its own the name and the address.
    """

    hub: Hub
    name: str
    revision: str
    files: dict[str, tuple[int | None, str | None]] = field(default_factory=dict)
    pipeline: str | None = None
    licence: str | None = None

    def uri(self, file: str) -> str:
        """Return the pinned source of one file."""
        return f"hf:{self.name}@{self.revision}/{file}"

    def lock(self, file: str, download: Download) -> LockedFile:
        """Return one file's size and digest, from the hub's record or by fetching a small file.

        Raises:
            WeightsError: There is no such file, or it is too large to hash here.
        """
        size, sha256 = self._known(file)
        if size is not None and sha256 is not None:
            return LockedFile(self.uri(file), Digest(size, sha256))
        with tempfile.TemporaryDirectory() as folder:
            return LockedFile(self.uri(file), self._fetch(file, Path(folder) / "file", download))

    def read_json(self, file: str, download: Download) -> dict[str, Any]:
        """Read a small JSON file; one that is not there is empty.

        Raises:
            WeightsError: It cannot be fetched.
        """
        if file not in self.files:
            return {}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file"
            self._fetch(file, path, download)
            try:
                content = json.loads(path.read_bytes())
            except ValueError:
                return {}
        return content if isinstance(content, dict) else {}

    def _known(self, file: str) -> tuple[int | None, str | None]:
        if file not in self.files:
            raise WeightsError(f"{self.name} has no file {file}")
        return self.files[file]

    def _fetch(self, file: str, path: Path, download: Download) -> Digest:
        size, _ = self._known(file)
        if size is None or size > MAX_SMALL_BYTES:
            raise WeightsError(f"{self.name}: the hub does not say the digest of {file}, {size} bytes")
        return download.fetch(HubFile(self.hub, self.name, self.revision, file), path, None, size)


def look_up(hub: Hub, reference: str) -> Repository:
    """Resolve `hf:owner/name[@revision]` to the commit it is now.

    Raises:
        WeightsError: The reference is no such thing, or the hub does not know it.
    """
    found = _REFERENCE.fullmatch(reference)
    if not found:
        raise WeightsError(f"{reference!r} is not hf:owner/name or hf:owner/name@revision")
    name, revision = found["name"], found["revision"] or "main"
    answer = hub.json("api/models", name, "revision", revision, blobs="true")
    commit = answer.get("sha")
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        raise WeightsError(f"{name}: the hub does not say which commit {revision} is")
    return Repository(
        hub, name, commit, dict(_file(entry) for entry in _dicts(answer.get("siblings"))),
        _text(answer.get("pipeline_tag")), _licence(answer),
    )  # fmt: skip


def _file(entry: dict[str, Any]) -> tuple[str, tuple[int | None, str | None]]:
    large = entry.get("lfs")
    sha256 = large.get("sha256") if isinstance(large, dict) else None
    size = entry.get("size")
    known = isinstance(sha256, str) and _SHA256.fullmatch(sha256)
    return str(entry.get("rfilename")), (size if type(size) is int else None, sha256 if known else None)


def _licence(answer: dict[str, Any]) -> str | None:
    facts = answer.get("cardData")
    stated = _text(facts.get("license")) if isinstance(facts, dict) else None
    if isinstance(facts, dict) and stated in (None, "other"):
        # A licence of its own has a name, and a place where it stands.
        own = [text for text in (_text(facts.get("license_name")), _text(facts.get("license_link"))) if text]
        stated = ", ".join(own) or stated
    tags = answer.get("tags")
    tagged = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    return stated or next((tag.removeprefix("license:") for tag in tagged if tag.startswith("license:")), None)


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
