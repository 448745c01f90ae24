"""What is there of a model: the quick look and the thorough one."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from ekiben.errors import WeightsError
from ekiben.weights.bento_store import INFO_FILE, ModelStore
from ekiben.weights.digest import digest_of
from ekiben.weights.lock import LOCK_FILE, LockEntry, WeightsLock, read_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ekiben.cards.card import Card
    from ekiben.settings import Settings


class State(StrEnum):
    """How far a card's weights have come."""

    TEMPLATE = "template"
    NOT_LOCKED = "not locked"
    NOT_PULLED = "not pulled"
    STORED = "stored"
    DAMAGED = "damaged"
    ELSEWHERE = "elsewhere"
    OTHER = "other contents"


def state_of(card: Card, lock: WeightsLock, store: ModelStore) -> State:
    """Look at names and sizes only."""
    if not card.resolved:
        return State.TEMPLATE
    if not card.has_weights:
        return State.ELSEWHERE
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


def check_stored(cards: Iterable[Card], settings: Settings) -> None:
    """Make sure, in milliseconds, that every card's weights can be served; nothing is hashed.

    Raises:
        WeightsError: Some are not there, and the command that brings them.
    """
    store = ModelStore(settings.bentoml_home.expanduser())
    faults: dict[State, list[str]] = {}
    for card in (card for card in cards if card.has_weights):
        # The lock lies in the folder of cards, one above the card's own.
        state = state_of(card, read_lock(card.folder.parent / LOCK_FILE), store)
        if state is not State.STORED:
            faults.setdefault(state, []).append(card.name)
    if faults:
        said = "; ".join(f"{state.value}: {', '.join(names)}" for state, names in faults.items())
        names = " ".join(name for state in faults for name in faults[state])
        raise WeightsError(f"weights cannot be served ({said}); run: ekiben models pull {names}")


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
