"""The secret that signs links: given, or made once and kept in a file that its owner alone can read."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import tempfile
from pathlib import Path
from typing import Final

from ekiben.errors import ConfigurationError

_BYTES: Final = 32
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def kept_secret(path: Path) -> bytes:
    """The secret in the file, which is made if it is not there; of several processes the first makes it.

    Raises:
        ConfigurationError: It cannot be made or read, or others may read it.
    """
    try:
        with contextlib.suppress(FileNotFoundError):
            return _read(path)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path)
        return _read(path)
    except OSError as error:
        raise ConfigurationError(f"the secret file {path} cannot be used: {error.strerror}") from None


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if mode & _OTHERS:
            raise ConfigurationError(
                f"the secret file {path} has mode {stat.S_IMODE(mode):04o}: others may use it; run: chmod 600 {path}"
            )
        secret = file.read()
    if len(secret) < _BYTES:
        raise ConfigurationError(f"the secret file {path} is too short; remove it, and a new one is made")
    return secret


def _make(path: Path) -> None:
    """Written elsewhere first and linked to its name, so that nobody reads a part of it."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # with mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(_BYTES).encode())
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        Path(temporary).unlink()
