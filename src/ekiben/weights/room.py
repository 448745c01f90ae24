"""Whether what a pull brings fits the disks it goes to."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from ekiben.errors import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

    from ekiben.weights.lock import LockEntry
    from ekiben.weights.options import PullOptions

# Left free beside the weights: a disk filled to the last byte stops more than this pull.
SPARE_BYTES: Final = 64 * 2**20


def check_room(entry: LockEntry, options: PullOptions) -> None:
    """Ask the disks before the first byte is fetched.

    Raises:
        WeightsError: What is needed does not fit.
    """
    fetched = sum(file.digest.size_bytes for file in entry.origins.values())
    stored = sum(digest.size_bytes for digest in entry.stored.values())
    cache, home = _existing(options.cache_dir), _existing(options.bentoml_home)
    same = cache.stat().st_dev == home.stat().st_dev
    # On one file system a file that is not converted is moved, not copied.
    needs = {cache: fetched + (stored if same and entry.converted else 0)}
    if not same:
        needs[home] = stored
    for folder, size in needs.items():
        free = shutil.disk_usage(folder).free
        if free < size + SPARE_BYTES:
            raise WeightsError(
                f"needs {_mib(size + SPARE_BYTES)} MiB of disk under {folder}, {_mib(free)} MiB are free;"
                " make room and pull again"
            )


def _existing(folder: Path) -> Path:
    """Return the folder or the nearest one above it that exists."""
    return next(path for path in [folder, *folder.absolute().parents] if path.exists())


def _mib(size_bytes: int) -> int:
    return -(-size_bytes // 2**20)
