"""Templates among the cards, by their own name or by that of their repository."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ekiben.cards.card import Card
    from ekiben.cards.catalogue import Catalogue

_REPOSITORY = re.compile(r"(hf:[^/]+/[^/@]+)(@[^/]+)?/.+")


def template_of(catalogue: Catalogue, reference: str) -> Card | None:
    """The card that a reference means, if there is one whose sources are not pinned yet.

    Args:
        catalogue: The cards.
        reference: A served name, or `hf:owner/name`; one that names a revision means no template.
    """
    for card in catalogue:
        repositories = {found[1] for uri in card.source.files.values() if (found := _REPOSITORY.fullmatch(uri))}
        if not card.source.resolved and (reference == card.name or repositories == {reference}):
            return card
    return None
