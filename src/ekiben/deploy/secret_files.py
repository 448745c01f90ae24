"""Finds what must never travel: keys, tokens, files of settings."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Final

from ekiben.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAMES: Final = (
    ".env",
    ".env.*",
    "*.key",
    "*.pem",
    "*.p12",
    "*.pfx",
    "id_rsa*",
    "id_ed25519*",
    ".netrc",
    ".pypirc",
    ".npmrc",
    "credentials",
)
_CONTENTS: Final = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    rb"|\bAKIA[0-9A-Z]{16}\b"  # an access key of AWS
    rb"|(?i:aws_secret_access_key)[\"']?\s*[=:]\s*[\"']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])"  # and what belongs to it
    rb"|\bhf_[A-Za-z0-9]{30,}\b"  # a token of the model hub
    rb"|\bgh[opsru]_[A-Za-z0-9]{36,}\b|\bgithub_pat_\w{22,}"  # of GitHub
    # A key of OpenAI or of a server that took over the form, such as one in EKIBEN_UPSTREAM_KEYS.
    rb"|\bsk-[A-Za-z0-9]{32,}|\bsk-(?:proj|svcacct|admin|ant-\w+)-[\w-]{20,}"
    rb"|\bek_[a-z2-7]{8}_[\w-]{43}"  # a key of Ekiben's own
    rb'|"sha256":"[0-9a-f]{64}","created":'  # a line of a file of Ekiben's keys
)
# No source or setting is larger.
_MAX_BYTES: Final = 4 * 2**20


def refuse_secrets(folder: Path, weights: Path | None = None) -> None:
    """Look at every file below a folder.

    Args:
        folder: Where to look.
        weights: A folder in it of which only names are looked at. What is in weights is pinned byte for byte by their
            lock, and a vocabulary has the keys in it that stood as examples in what the model has read.

    Raises:
        BuildError: With the names of all that look like a secret.
    """
    found = sorted(path.relative_to(folder).as_posix() for path in _secrets(folder, weights))
    if found:
        raise BuildError(f"looks like a secret, which must not travel: {', '.join(found)}; exclude it in .bentoignore")


def _secrets(folder: Path, weights: Path | None) -> Iterator[Path]:
    for path in folder.rglob("*"):
        read = weights is None or not path.is_relative_to(weights)
        if path.is_file() and (_named_like_one(path) or (read and _holds_one(path))):
            yield path


def _named_like_one(path: Path) -> bool:
    return any(fnmatch(path.name, pattern) for pattern in _NAMES)


def _holds_one(path: Path) -> bool:
    return path.stat().st_size <= _MAX_BYTES and _CONTENTS.search(path.read_bytes()) is not None
