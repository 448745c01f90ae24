"""Decides which Bentos come of a bentofile: which models, which names, which versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ekiben.deploy.bentofile import PLATFORM, Bentofile
from ekiben.deploy.blueprint import Blueprint
from ekiben.errors import BuildError
from ekiben.version import __version__

if TYPE_CHECKING:
    from ekiben.cards.card import Card
    from ekiben.cards.catalogue import Catalogue
    from ekiben.deploy.revision import Revision


def draw(
    bentofile: Bentofile, catalogue: Catalogue, revision: Revision, version: str | None = None, model: str | None = None
) -> Blueprint:
    """Decide on name, cards and version. A service's Bento has one model: its only one, or the one chosen.

    Raises:
        BuildError: The file includes no card that is served, or several and none was chosen, or not the chosen one.
    """
    cards = bentofile.cards(catalogue.served)
    if not cards:
        raise BuildError(f"{bentofile.path}: no card is included that is served; add its folder under models/")
    if bentofile.target == PLATFORM:
        if model is not None:
            raise BuildError("the platform serves every model; --model is for a service")
        return Blueprint(bentofile, bentofile.name, cards, version or __version__, revision)
    card = _chosen(bentofile, cards, model)
    left_out = tuple(other for other in cards if other.name != card.name)
    return Blueprint(bentofile, model or bentofile.name, (card,), version or card.version, revision, left_out)


def draw_each(bentofile: Bentofile, catalogue: Catalogue, revision: Revision) -> tuple[Blueprint, ...]:
    """Draw all that can be built of one file: of a service with several models, a Bento for each, with none, none.

    Raises:
        BuildError: It is the platform's, and there is no card that is served.
    """
    cards = bentofile.cards(catalogue.served)
    if bentofile.target == PLATFORM or len(cards) == 1:
        return (draw(bentofile, catalogue, revision),)
    return tuple(draw(bentofile, catalogue, revision, model=card.name) for card in cards)


def _chosen(bentofile: Bentofile, cards: tuple[Card, ...], model: str | None) -> Card:
    found = [card for card in cards if model in (None, card.name)]
    if len(found) == 1:
        return found[0]
    there_are = f"there are: {', '.join(card.name for card in cards)}"
    if model is not None:
        raise BuildError(f"{bentofile.target} has no model {model!r} that is served; {there_are}")
    raise BuildError(f"{bentofile.target} has several models, and a Bento has one: choose with --model; {there_are}")
