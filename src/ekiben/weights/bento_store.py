"""BentoML's model store, as the plain folders it is: `<home>/models/<name>/<version>/`.

BentoML's own interface copies a model file by file into its final place, so that a kill leaves half of it
there to be served; it takes a second to import and reports every save to its makers. Here a model is put
together elsewhere on the same file system and appears by one rename. `model.yaml` is what BentoML itself
writes; a test holds it to that.
"""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import shutil
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

import yaml

from ekiben.errors import WeightsError
from ekiben.weights.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

INFO_FILE: Final = "model.yaml"


@dataclass(frozen=True, slots=True)
class StoredModel:
    """What the store says of one model; `files` is empty where something else than Ekiben stored it."""

    path: Path
    labels: Mapping[str, str]
    files: Mapping[str, Digest]

    def damage(self) -> str:
        """Compare names and sizes with the record; the quick check, which reads no contents."""
        for name, digest in self.files.items():
            try:
                size = (self.path / name).stat().st_size
            except OSError:
                return f"{name} is missing"
            if size != digest.size_bytes:
                return f"{name} has {size} bytes instead of {digest.size_bytes}"
        return ""


class ModelStore:
    """The models under one BentoML home."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def path(self, tag: str) -> Path:
        """Return where a tag's files are, or would be."""
        name, _, version = tag.partition(":")
        return self._home / "models" / name / version

    def find(self, tag: str) -> StoredModel | None:
        """Return what is stored under a tag."""
        path = self.path(tag)
        try:
            info = yaml.safe_load((path / INFO_FILE).read_text(encoding="utf-8"))
            files = info.get("metadata", {}).get("files", {})
            digests = {name: Digest(file["size_bytes"], file["sha256"]) for name, file in files.items()}
            return StoredModel(path, info.get("labels", {}), digests)
        except (FileNotFoundError, NotADirectoryError):
            return StoredModel(path, {}, {}) if path.exists() else None
        except (yaml.YAMLError, UnicodeDecodeError, AttributeError, KeyError, TypeError):
            return StoredModel(path, {}, {})

    def lock_file(self, tag: str) -> Path:
        """Return the file to lock while the tag is written."""
        return self._workplace() / f"{_file_name(tag)}.lock"

    @contextmanager
    def staging(self, tag: str) -> Iterator[Path]:
        """Give an empty folder on the store's file system; call with the tag's lock held.

        What a killed pull left of the same tag is removed first.
        """
        for left_over in self._workplace().glob(f"{_file_name(tag)}.staging-*"):
            shutil.rmtree(left_over, ignore_errors=True)
        folder = self._workplace() / f"{_file_name(tag)}.staging-{uuid.uuid4().hex}"
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def commit(self, staged: Path, tag: str, files: Mapping[str, Digest], labels: Mapping[str, str]) -> StoredModel:
        """Make a staged folder the tag's model, replacing a damaged one.

        Raises:
            OSError: The store cannot be written.
        """
        (staged / INFO_FILE).write_text(_info(tag, files, labels), encoding="utf-8")
        _sync(staged)
        target = self.path(tag)
        target.parent.mkdir(parents=True, exist_ok=True)
        self._move_aside(target)
        try:
            staged.rename(target)
        except OSError as error:
            if error.errno == errno.EXDEV:
                raise WeightsError(
                    f"{self._home}/models is on another file system than {self._workplace()}; put all of it on one"
                ) from None
            raise
        _sync_folder(target.parent)
        self._point_latest(target)
        return StoredModel(target, labels, files)

    def _workplace(self) -> Path:
        # Not under models/: BentoML lists every folder there as a model.
        return self._home / "tmp" / "ekiben"

    def _move_aside(self, target: Path) -> None:
        if target.exists():
            grave = self._workplace() / f"{target.parent.name}-{target.name}.staging-{uuid.uuid4().hex}"
            target.rename(grave)
            shutil.rmtree(grave, ignore_errors=True)

    def _point_latest(self, target: Path) -> None:
        """BentoML reads the newest version's name from the file `latest`."""
        fresh = target.parent / f".latest.{os.getpid()}"
        with contextlib.suppress(OSError):
            fresh.write_text(target.name, encoding="utf-8")
            fresh.replace(target.parent / "latest")


def _file_name(tag: str) -> str:
    return tag.replace(":", "-")


def _info(tag: str, files: Mapping[str, Digest], labels: Mapping[str, str]) -> str:
    name, _, version = tag.partition(":")
    content: dict[str, Any] = {
        "name": name,
        "version": version,
        "module": "",
        "labels": dict(labels),
        "options": {},
        "metadata": {
            "files": {
                name: {"size_bytes": digest.size_bytes, "sha256": digest.sha256}
                for name, digest in sorted(files.items())
            }
        },
        "context": {
            "framework_name": "",
            "framework_versions": {},
            "bentoml_version": metadata.version("bentoml"),
            "python_version": platform.python_version(),
        },
        "signatures": {},
        "api_version": "v1",
        "creation_time": datetime.now(UTC).isoformat(),
    }
    return yaml.safe_dump(content, sort_keys=False)


def _sync(folder: Path) -> None:
    """Bring everything to the disk before it is seen: a power cut must not leave empty files."""
    for path in [*folder.rglob("*"), folder]:
        _sync_folder(path)


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
