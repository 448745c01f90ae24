"""Where a model's workers are: sockets in the run folder, URLs that a setting names, or URLs that are announced."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from ekiben.cards.card import Card
from ekiben.jobs import Announcement
from ekiben.worker.host import changing_path
from ekiben.worker.listener import SOCKET_SUFFIX

Address = Path | str

# Loading takes as long as it takes; a file that has lain there longer was left behind.
_LONGEST_CHANGE_S: Final = 900.0


class Announced(Protocol):
    """The workers that announce themselves."""

    @property
    def models(self) -> frozenset[str]:
        """The models whose workers do."""

    def workers(self, model: str) -> Mapping[str, Announcement]:
        """The model's, by URL."""


class Addresses:
    """Of the workers of every served model.

    Args:
        run_dir: Folder of the workers' sockets.
        urls: Workers on other machines, by model; such a model has none here.
        announced: Those that announce themselves; None: there are none.
    """

    def __init__(self, run_dir: Path, urls: Mapping[str, Sequence[str]], announced: Announced | None) -> None:
        self._run_dir, self._urls, self._announced = run_dir, urls, announced

    def expected(self, card: Card) -> int:
        """How many workers the model should have; of those that come and go one is enough."""
        if self.come_and_go(card.name):
            return 1
        return len(self._urls.get(card.name, ())) or card.resources.workers

    def come_and_go(self, model: str) -> bool:
        """Whether the model's workers announce themselves."""
        return self._announced is not None and model in self._announced.models

    def announced(self, model: str) -> Mapping[str, Announcement]:
        """What the model's workers say of themselves, by URL; nothing where they do not."""
        return self._announced.workers(model) if self._announced is not None else {}

    def of(self, model: str) -> list[Address]:
        """Where the model's workers are now."""
        if self.come_and_go(model):
            return list(self.announced(model))
        urls = self._urls.get(model, ())
        if urls:
            return list(urls)
        # Names may hold dots: `a.b.7.sock` is a worker of `a.b`, not of `a`.
        pattern = re.compile(rf"{re.escape(model)}\.\d+{re.escape(SOCKET_SUFFIX)}")
        return [path for path in self._run_dir.glob(f"{model}.*") if pattern.fullmatch(path.name)]


def is_changing(address: Address) -> bool:
    """Whether the worker there said that it is loading or closing its model, which may keep it from answering."""
    if isinstance(address, str):
        return False
    try:
        return time.time() - changing_path(address).stat().st_mtime < _LONGEST_CHANGE_S
    except OSError:
        return False
