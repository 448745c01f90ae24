"""Reads model cards from their folder: `models/<task>/<served-name>.yaml`.

The path says the task and the served name, so no card can disagree with where it lies.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING

from pydantic import ValidationError

from ekiben.cards.card import Card, Task
from ekiben.cards.document import Document, read_document
from ekiben.cards.faults import SET_BY_PATH, card_error, unknown_key
from ekiben.errors import CardError, ModelNotFound

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path


class Catalogue:
    """Every card, by served name; cannot be changed once built."""

    __slots__ = ("_cards",)

    def __init__(self, cards: Iterable[Card]) -> None:
        self._cards: Mapping[str, Card] = MappingProxyType(
            {card.name: card for card in sorted(cards, key=lambda card: card.name)}
        )

    def __iter__(self) -> Iterator[Card]:
        return iter(self._cards.values())

    def __len__(self) -> int:
        return len(self._cards)

    def __contains__(self, name: object) -> bool:
        return name in self._cards

    def __repr__(self) -> str:
        return f"Catalogue({', '.join(self._cards)})"

    def get(self, name: str) -> Card:
        """Return the card of that served name.

        Raises:
            ModelNotFound: There is none; the message lists those there are.
        """
        card = self._cards.get(name)
        if card is None:
            raise ModelNotFound(f"no model {name!r}; there are: {', '.join(self._cards) or 'none'}", param="model")
        return card

    @property
    def served(self) -> tuple[Card, ...]:
        """Cards that point at nothing open; the others are templates."""
        return tuple(card for card in self if card.resolved)

    def select(self, only: Collection[str]) -> tuple[Card, ...]:
        """Return the served cards, or those named in `only`.

        Raises:
            ModelNotFound: A name has no card.
            CardError: A named card is a template.
        """
        for name in only:
            card = self.get(name)
            if not card.source.resolved:
                raise CardError(f"{name} is a template; pin its sources with: ekiben models pin {name}")
            if not card.resolved:
                raise CardError(f"{name} is a template; write its server's address into its card as upstream.url")
        return tuple(card for card in self.served if not only or card.name in only)


def load_card(path: Path) -> Card:
    """Read and check one card.

    Raises:
        CardError: With file, line, field and reason of every fault.
    """
    path = path.absolute()
    document = read_document(path)
    _refuse_keys_set_by_path(document)
    named = {"name": path.stem, "task": _task(path).value, "folder": str(path.parent)}
    try:
        # JSON mode is strict about types and still takes a list for a tuple and text for an enum or a path.
        card = Card.model_validate_json(json.dumps({**document.values, **named}))
    except ValidationError as error:
        raise card_error(document, error) from None
    _check_labels(card, document)
    _check_moderation_files(card, document)
    return card


def load_catalogue(models_dir: Path) -> Catalogue:
    """Read every card under the folder.

    Raises:
        CardError: A card is wrong, a folder is no task, or two cards have one served name.
    """
    if not models_dir.is_dir():
        raise CardError(f"{models_dir}: no such folder of model cards")
    cards: dict[str, Card] = {}
    for path in _card_files(models_dir):
        card = load_card(path)
        if card.name in cards:
            other = cards[card.name].folder / path.name
            raise CardError(f"{path}:1: the served name {card.name!r} is already taken by {other}")
        cards[card.name] = card
    return Catalogue(cards.values())


def _card_files(models_dir: Path) -> Iterator[Path]:
    for path in sorted(models_dir.glob("*/*")):
        if path.suffix == ".yml":
            raise CardError(f"{path}:1: a card's file name ends in .yaml")
        if path.suffix == ".yaml":
            yield path
    for path in sorted(models_dir.glob("*.y*ml")):
        raise CardError(f"{path}:1: a card lies in its task's folder, {models_dir.name}/<task>/{path.stem}.yaml")


def _task(path: Path) -> Task:
    try:
        return Task(path.parent.name)
    except ValueError:
        tasks = ", ".join(Task)
        raise CardError(f"{path}:1: the folder {path.parent.name!r} is not a task; tasks are {tasks}") from None


def _refuse_keys_set_by_path(document: Document) -> None:
    for key in document.values:
        if key in SET_BY_PATH:
            raise document.fault((key,), unknown_key((key,)))


def _check_labels(card: Card, document: Document) -> None:
    if card.labels_path is not None and not card.labels_path.is_file():
        raise document.fault(("labels",), f"no such file {card.labels!r} beside the card")


def _check_moderation_files(card: Card, document: Document) -> None:
    for file in card.moderation.files if card.moderation else ():
        if not (card.folder / file).is_file():
            raise document.fault(("moderation", "classifiers"), f"no such file {file!r} beside the card")
