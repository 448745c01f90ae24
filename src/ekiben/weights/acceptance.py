"""Restricted licences that were accepted, kept beside the model store so that nobody is asked twice."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Final

from ekiben.errors import WeightsError
from ekiben.weights.exclusive import exclusive

if TYPE_CHECKING:
    from pathlib import Path

    from ekiben.cards.card import Card

FILE: Final = "ekiben/accepted-licences.json"


class Acceptances:
    """What was accepted for the store under one BentoML home.

    Args:
        home: BentoML's home.
    """

    def __init__(self, home: Path) -> None:
        self._path = home / FILE

    def covers(self, card: Card) -> bool:
        """Whether the card's weights may be fetched: not restricted, or accepted with the words the card has now."""
        return card.licence.restricted is None or self._read().get(card.name) == _words(card)

    def check(self, card: Card) -> None:
        """Refuse a card whose licence nobody accepted.

        Raises:
            WeightsError: It is restricted; says how, and what accepts it.
        """
        if not self.covers(card):
            raise WeightsError(
                f"{card.name}: its weights are restricted: {card.licence.restricted} ({card.licence.weights});"
                f" if that is what you do, run: ekiben models pull {card.name} --accept-licence {card.name}"
            )

    def accept(self, card: Card) -> None:
        """Remember that the card's licence was accepted.

        Raises:
            WeightsError: The store cannot be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with exclusive(self._path.with_suffix(".lock")):
                fresh = self._path.with_name(f".{self._path.name}.{os.getpid()}")
                fresh.write_text(json.dumps({**self._read(), card.name: _words(card)}, indent=2), encoding="utf-8")
                fresh.replace(self._path)
        except OSError as error:
            raise WeightsError(f"{self._path} cannot be written: {error.strerror}") from None

    def _read(self) -> dict[str, object]:
        """A file that cannot be read has accepted nothing: it is asked again."""
        try:
            content = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}


def _words(card: Card) -> dict[str, str | None]:
    return {"weights": card.licence.weights, "restricted": card.licence.restricted}
