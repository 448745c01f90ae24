"""Every card in models/ can be used, and every one that is served is locked."""

from __future__ import annotations

import pytest

from ekiben.cards.card import Card
from ekiben.cards.catalogue import load_catalogue
from ekiben.weights.lock import LOCK_FILE, read_lock
from tests.repo.paths import PROJECT

_MODELS = PROJECT / "models"
_CATALOGUE = load_catalogue(_MODELS)


def test_every_file_that_looks_like_a_card_is_one() -> None:
    stems = {path.stem for path in _MODELS.rglob("*.yaml")}
    assert stems == {card.name for card in _CATALOGUE}


@pytest.mark.parametrize("card", [card for card in _CATALOGUE.served if card.has_weights], ids=lambda card: card.name)
def test_a_served_card_is_locked_and_states_its_licence(card: Card) -> None:
    entry = read_lock(_MODELS / LOCK_FILE).entry(card)
    assert entry.version == card.version
    assert set(entry.origins) == set(card.source.files)
    assert {name: file.source for name, file in entry.origins.items()} == card.source.files
    assert card.licence.weights
    if card.labels_path is not None:
        assert card.labels_path.is_file()


def test_nothing_is_locked_that_has_no_card() -> None:
    assert set(read_lock(_MODELS / LOCK_FILE).entries) <= {card.name for card in _CATALOGUE}
