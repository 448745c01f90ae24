"""Where the repository is, and what is in it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[2]


def repository_files() -> list[Path]:
    """Every file that is, or would be, in the repository; outside a clone, every file in the project's folders."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=PROJECT, capture_output=True, check=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        folders = ("src", "services", "models", "tests", "scripts", "docs", "deploy", "locks", "benchmarks", "training")
        found = [path for folder in folders for path in (PROJECT / folder).rglob("*")]
        return sorted(
            path for path in [*found, *PROJECT.glob("*")] if path.is_file() and "__pycache__" not in path.parts
        )
    return sorted(path for path in (PROJECT / name for name in listed if name) if path.is_file())
