"""Writes the card of a model on the hub: looks it up, picks its files, locks them.

Only what the model's own files state goes into the card; where they do not say enough, nothing is written.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ekiben.cards.card import Card, Task
from ekiben.cards.catalogue import load_card
from ekiben.errors import WeightsError
from ekiben.weights import embedding_card, pipeline_card
from ekiben.weights.lock import LockedFile, LockEntry
from ekiben.weights.stated_licence import stated_licence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ekiben.weights.download import Download
    from ekiben.weights.repository import Repository

VERSION: Final = "1.0.0"
_PIPELINES: Final = {
    "sentence-similarity": Task.TEXT_EMBEDDING,
    "feature-extraction": Task.TEXT_EMBEDDING,
    "image-classification": Task.IMAGE_CLASSIFICATION,
    "text-to-image": Task.TEXT_TO_IMAGE,
}


@dataclass(frozen=True)
class Wishes:
    """What the user asked for; None where the repository decides."""

    task: Task | None = None
    name: str | None = None
    files: Sequence[str] = ()
    licence: str | None = None


@dataclass(frozen=True)
class Addition:
    """A card that is not written yet, and its lock entry."""

    card: Card
    text: str
    entry: LockEntry

    def write(self, models_dir: Path) -> Path:
        """Write the card.

        Raises:
            WeightsError: There is one already, or the folder cannot be written.
        """
        path = models_dir / self.card.task.value / f"{self.card.name}.yaml"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(self.text)
        except FileExistsError:
            raise WeightsError(f"{path} is there already; choose another name with --name") from None
        except OSError as error:
            raise WeightsError(f"{path} cannot be written: {error.strerror}") from None
        return path


def prepare(repository: Repository, wishes: Wishes, download: Download) -> Addition:
    """Look at the repository and compose a card.

    Raises:
        WeightsError: The files do not say what a card needs, or cannot be had.
        CardError: What was composed is no valid card.
    """
    task = wishes.task or _task(repository)
    text, locked = _composed(task, repository, wishes, download)
    name = wishes.name or re.sub(r"[^a-z0-9.]+", "-", repository.name.partition("/")[2].lower()).strip("-.")
    return Addition(_checked(task, name, text), text, LockEntry(VERSION, locked))


def _composed(
    task: Task, repository: Repository, wishes: Wishes, download: Download
) -> tuple[str, Mapping[str, LockedFile]]:
    if task is Task.TEXT_EMBEDDING:
        locked = embedding_card.files(repository, wishes.files, download)
        licence = stated_licence(repository, wishes.licence)
        return embedding_card.text(repository, locked, licence, VERSION, download), locked
    if task is Task.TEXT_TO_IMAGE:
        pipeline = pipeline_card.read(repository, download)
        locked = pipeline_card.files(repository, pipeline, download)
        licence = stated_licence(repository, wishes.licence)
        return pipeline_card.text(repository, pipeline, locked, licence, VERSION), locked
    raise WeightsError(
        f"{repository.name}: cards of {task.value} cannot be written from the hub's files, which do not"
        " say how pictures are prepared and whether the graph ends in probabilities; write it by hand"
    )


def _task(repository: Repository) -> Task:
    task = _PIPELINES.get(repository.pipeline or "")
    if task is None:
        said = repository.pipeline or "nothing"
        raise WeightsError(f"{repository.name}: its task is not clear (the hub says {said}); name one with --task")
    return task


def _checked(task: Task, name: str, text: str) -> Card:
    """Read the text as the card it will be, before it lies among the others."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / task.value / f"{name}.yaml"
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
        return load_card(path)
