"""The key of a server that computes a model elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ekiben.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ekiben.cards.card import Card
    from ekiben.settings import Settings


def upstream_key(card: Card, settings: Settings) -> str | None:
    """Return the key that the card names, or None if it names none.

    Raises:
        ConfigurationError: `EKIBEN_UPSTREAM_KEYS` does not have it.
    """
    name = card.upstream.key if card.upstream else None
    if name is None:
        return None
    key = settings.upstream_keys.get(name)
    if key is None:
        raise ConfigurationError(f"EKIBEN_UPSTREAM_KEYS has no entry {name!r}, the key that {card.name} names.")
    return key.get_secret_value()


def check_upstream_keys(cards: Iterable[Card], settings: Settings) -> None:
    """Look all keys up before anything is started.

    Raises:
        ConfigurationError: One is missing.
    """
    for card in cards:
        upstream_key(card, settings)
