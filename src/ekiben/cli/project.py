"""Finding the project that a command is run in."""

from __future__ import annotations

from pathlib import Path

from ekiben.errors import ConfigurationError

_MARK = Path("services/gateway/service.py")


def find_project(start: Path) -> Path:
    """The nearest folder, from `start` upwards, that holds the entry points.

    Raises:
        ConfigurationError: There is none.
    """
    for folder in (start, *start.parents):
        if (folder / _MARK).is_file():
            return folder
    raise ConfigurationError(f"no Ekiben project here: {start} and the folders above it have no {_MARK}.")
