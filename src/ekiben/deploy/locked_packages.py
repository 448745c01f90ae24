"""Reads a lock: which packages an image has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from pathlib import Path

# Locks hold what every platform needs; images are Linux with this Python.
_IMAGE: Final = {
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "python_version": "3.11",
    "python_full_version": "3.11.0",
}


@dataclass(frozen=True, slots=True, order=True)
class LockedPackage:
    """One package; `name` is in its canonical form."""

    name: str
    version: str


def read_packages(lock: Path) -> tuple[LockedPackage, ...]:
    """Return the packages that an image installs from the lock, by name."""
    lines = (line.rstrip(" \\") for line in lock.read_text(encoding="utf-8").splitlines())
    requirements = [Requirement(line) for line in lines if line and not line.startswith((" ", "#"))]
    return tuple(
        sorted(
            LockedPackage(canonicalize_name(requirement.name), _exact(requirement))
            for requirement in requirements
            if requirement.marker is None or requirement.marker.evaluate(_IMAGE)
        )
    )


def read_before(lock: Path) -> LockedPackage | None:
    """Return what is installed before the lock, of the build that suits the machine: torch, where it is needed."""
    stated = re.search(
        r"^# Installed before these: ([\w.-]+)==([\w.]+)$", lock.read_text(encoding="utf-8"), re.MULTILINE
    )
    return LockedPackage(canonicalize_name(stated[1]), stated[2]) if stated else None


def _exact(requirement: Requirement) -> str:
    (specifier,) = requirement.specifier
    return specifier.version
