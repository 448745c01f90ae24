"""What is there of a model: the quick look and the thorough one."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from ekiben.cards.card import Card
from ekiben.errors import WeightsError
from ekiben.weights.digest import digest_of
from ekiben.weights.lock import LockEntry, WeightsLock
from ekiben.weights.store import INFO_FILE, ModelStore


class State(StrEnum):
    """How far a card's weights have come."""

    TEMPLATE = "template"
    NOT_LOCKED = "not locked"
    NOT_PULLED = "not pulled"
    STORED = "stored"
    DAMAGED = "damaged"
    OTHER = "other contents"


def state_of(card: Card, lock: WeightsLock, store: ModelStore) -> State:
    """Look at names and sizes only."""
    if not card.source.resolved:
        return State.TEMPLATE
    try:
        entry = lock.entry(card)
    except WeightsError:
        return State.NOT_LOCKED
    found = store.find(card.tag)
    if found is None:
        return State.NOT_PULLED
    if dict(found.files) != entry.stored:
        return State.OTHER
    return State.DAMAGED if found.damage() else State.STORED


def verify(card: Card, entry: LockEntry, store: ModelStore, on_bytes: Callable[[int], None]) -> None:
    """Read every stored byte and compare it with the lock.

    Raises:
        WeightsError: A file is missing, differs, or is not in the lock.
    """
    folder = store.path(card.tag)
    if not folder.is_dir():
        raise WeightsError(f"{card.name}: {card.tag} is not stored; run: ekiben models pull {card.name}")
    again = f"remove it with: bentoml models delete {card.tag}, then run: ekiben models pull {card.name}"
    for name, expected in entry.stored.items():
        try:
            found = digest_of(folder / name, on_bytes)
        except OSError as error:
            raise WeightsError(f"{card.name}: {name} cannot be read: {error.strerror}; {again}") from None
        if found != expected:
            raise WeightsError(f"{card.name}: {name}: expected {expected}, found {found}; {again}")
    known = {*entry.stored, INFO_FILE}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_dir() and name not in known:
            raise WeightsError(f"{card.name}: {name} is stored but not in the lock; {again}")
