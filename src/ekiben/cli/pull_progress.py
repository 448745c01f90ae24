"""Shows a pull: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from ekiben.weights.progress import Progress


class Lines:
    """One line a step, for logs and pipes."""

    def begin(self, label: str, total_bytes: int | None) -> None:
        """Say what is fetched and how large it is."""
        self.note(f"{label} ({total_bytes / 2**20:.1f} MiB)" if total_bytes is not None else label)

    def advance(self, count: int) -> None:
        """Say nothing: a log needs no bar."""

    def note(self, text: str) -> None:
        """Write the line."""
        sys.stderr.write(f"{text}\n")


class Bar:
    """A bar for each file."""

    def __init__(self, bars: RichProgress) -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def begin(self, label: str, total_bytes: int | None) -> None:
        """Draw a new bar."""
        self._task = self._bars.add_task(label, total=total_bytes)

    def advance(self, count: int) -> None:
        """Move the newest bar."""
        if self._task is not None:
            self._bars.advance(self._task, count)

    def note(self, text: str) -> None:
        """Write a line above the bars."""
        self._bars.console.print(text, highlight=False, markup=False)


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """Choose by where standard error goes."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        yield Bar(bars)
