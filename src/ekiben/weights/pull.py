"""Brings a card's weights into the model store.

    already there? ─► licence accepted? ─► lock ─► room on the disk? ─► fetch and verify ─► convert and verify
                                                                                     ─► store in one step

Whatever goes wrong on the way, the store holds either the whole model or nothing of it.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ekiben.cards.card import STORABLE_SUFFIXES, Card
from ekiben.errors import WeightsError
from ekiben.weights.acceptance import Acceptances
from ekiben.weights.bento_store import ModelStore, StoredModel
from ekiben.weights.digest import Digest, card_digest, digest_of
from ekiben.weights.download import Download
from ekiben.weights.exclusive import exclusive
from ekiben.weights.faults import told_plainly
from ekiben.weights.lock import LockedFile, LockEntry
from ekiben.weights.origins import Origins
from ekiben.weights.progress import Progress, Silent
from ekiben.weights.room import check_room

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from ekiben.weights.options import PullOptions
    from ekiben.weights.recipe import Recipe


class Pull:
    """Pulls cards with one set of options."""

    def __init__(
        self,
        options: PullOptions,
        recipes: Mapping[str, Recipe],
        progress: Progress | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._options = options
        self._recipes = recipes
        self._progress = progress or Silent()
        self._origins = Origins(options, self._progress)
        self._download = Download(self._progress, sleep)
        self._store = ModelStore(options.bentoml_home)
        self._acceptances = Acceptances(options.bentoml_home)

    def pull(self, card: Card, entry: LockEntry) -> StoredModel:
        """Return the card's stored weights, fetching them if they are not there.

        Raises:
            WeightsError: Naming the model, what was wrong and what to do.
        """
        if not card.source.resolved:
            raise WeightsError(f"{card.name} is a template; pin its sources with: ekiben models pin {card.name}")
        with told_plainly(card.name):
            if found := self._already(card, entry):
                return found
            self._acceptances.check(card)
            with self._alone(card, self._store.lock_file(card.tag)), self._alone(card):
                return self._already(card, entry) or self._fetch_and_store(card, entry)

    def resolve(self, card: Card) -> LockEntry:
        """Fetch a card's files, trusting what comes, and return what to lock.

        Raises:
            WeightsError: A file cannot be had or converted.
        """
        self._acceptances.check(card)
        with told_plainly(card.name), self._alone(card):
            folder = self._partial_folder(card)
            found = {name: self._fetch(card, name, uri, None) for name, uri in card.source.files.items()}
            origins = {name: LockedFile(card.source.files[name], digest) for name, digest in found.items()}
            converted = folder / "converted"
            files = self._convert(card, folder, converted) if card.source.convert else {}
            shutil.rmtree(converted, ignore_errors=True)
            return LockEntry(card.version, origins, files)

    def _already(self, card: Card, entry: LockEntry) -> StoredModel | None:
        found = self._store.find(card.tag)
        if found is None:
            return None
        if dict(found.files) != entry.stored:
            # Never replaced unasked: a version's contents do not change, and this may be somebody's own
            # model.
            raise WeightsError(
                f"{card.tag} is stored with other contents than the lock's; raise the card's version,"
                f" or remove what is there with: bentoml models delete {card.tag}"
            )
        # Damaged: it is fetched again and replaced.
        return None if found.damage() else found

    def _fetch_and_store(self, card: Card, entry: LockEntry) -> StoredModel:
        check_room(entry, self._options)
        for name, file in entry.origins.items():
            self._fetch(card, name, file.source, file.digest)
        with self._store.staging(card.tag) as staged:
            folder = self._partial_folder(card)
            if card.source.convert:
                self._check_converted(entry, self._convert(card, folder, staged))
            else:
                for name in entry.origins:
                    _place(folder / name, staged / name)
            stored = self._store.commit(staged, card.tag, entry.stored, _labels(card))
        self._tidy(card)
        return stored

    def _fetch(self, card: Card, name: str, uri: str, expected: Digest | None) -> Digest:
        self._progress.begin(f"{card.name} {name}", expected.size_bytes if expected else None)
        try:
            return self._download.fetch(self._origins.source(uri), self._partial_folder(card) / name, expected)
        except WeightsError as error:
            raise WeightsError(f"{name}: {error.message}") from None

    def _convert(self, card: Card, folder: Path, target: Path) -> dict[str, Digest]:
        recipe = self._recipes.get(card.source.convert or "")
        if recipe is None:
            known = ", ".join(sorted(self._recipes)) or "none"
            raise WeightsError(f"no recipe is called {card.source.convert!r}; there are: {known}")
        self._progress.note(f"{card.name}: converting with {card.source.convert}")
        target.mkdir(exist_ok=True)
        recipe({name: folder / name for name in card.source.files}, target)
        files = {path.relative_to(target).as_posix(): path for path in target.rglob("*") if path.is_file()}
        for name in files:
            if PurePosixPath(name).suffix.lower() not in STORABLE_SUFFIXES:
                raise WeightsError(f"the recipe made {name}, a format that is not stored")
        return {name: digest_of(path) for name, path in sorted(files.items())}

    def _check_converted(self, entry: LockEntry, found: Mapping[str, Digest]) -> None:
        for name in sorted({*entry.converted, *found}):
            if entry.converted.get(name) != found.get(name):
                raise WeightsError(
                    f"{name}: converted to {found.get(name)}, the lock says {entry.converted.get(name)};"
                    " the recipe or a library it uses has changed: compare them, then lock again with --lock"
                )

    def _partial_folder(self, card: Card) -> Path:
        return self._options.cache_dir / "partial" / card.tag.replace(":", "-")

    def _tidy(self, card: Card) -> None:
        shutil.rmtree(self._partial_folder(card), ignore_errors=True)
        for uri in card.source.files.values():
            self._origins.prune(uri)

    def _alone(self, card: Card, lock_file: Path | None = None) -> AbstractContextManager[None]:
        """Lock the store's or the cache's part of a card: neither need be shared with the other's users."""
        path = lock_file or self._options.cache_dir / "locks" / f"{card.name}-{card.version}.lock"
        return exclusive(path, lambda: self._progress.note(f"{card.name}: waiting for another pull of it"))


def _labels(card: Card) -> dict[str, str]:
    return {
        "card": card_digest(card.folder / f"{card.name}.yaml"),
        "task": card.task.value,
        "precision": card.precision,
        "licence_code": card.licence.code,
        "licence_weights": card.licence.weights,
    }


def _place(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(source, target)
