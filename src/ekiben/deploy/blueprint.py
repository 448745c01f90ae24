"""What a Bento is to be, decided before anything is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from ekiben.deploy.bentofile import Bentofile
from ekiben.deploy.revision import Revision
from ekiben.version import __version__
from ekiben.weights.digest import card_digest

if TYPE_CHECKING:
    from ekiben.cards.card import Card

MODELS_LABEL = "models"
# What the packages need of the system besides Python, by Debian's names.
SYSTEM_LABEL = "system_packages"


@dataclass(frozen=True, slots=True)
class Blueprint:
    """One Bento to build.

    Attributes:
        name: The Bento's: that of the bentofile, or of the model where one was chosen.
        cards: The models it serves: all that the platform has, or the service's one.
        left_out: Cards that the bentofile includes and this Bento does not serve; they stay out of it.
        version: The platform's is the project's, a service's is its card's.
    """

    bentofile: Bentofile
    name: str
    cards: tuple[Card, ...]
    version: str
    revision: Revision
    left_out: tuple[Card, ...] = ()

    @property
    def tag(self) -> str:
        """The Bento's tag in BentoML's store."""
        return f"{self.name}:{self.version}"

    @property
    def names(self) -> tuple[str, ...]:
        """The served names."""
        return tuple(card.name for card in self.cards)

    @property
    def computed_here(self) -> tuple[Card, ...]:
        """The models that run where the Bento does; servers elsewhere need keys and may be out of reach of a build."""
        return tuple(card for card in self.cards if card.upstream is None)

    @property
    def description(self) -> str:
        """The bentofile as BentoML is to read it: under this name, without the cards of others."""
        values: dict[str, Any] = yaml.safe_load(self.bentofile.path.read_text(encoding="utf-8"))
        left_out = [f"/{self.bentofile.inside(card)}" for card in self.left_out]
        return yaml.safe_dump(values | {"name": self.name, "exclude": [*values.get("exclude", ()), *left_out]})

    @property
    def labels(self) -> dict[str, str]:
        """Where it came from: the revision, and of each model the card, its version and its licences."""
        labels = {
            "ekiben_version": __version__,
            "git_revision": self.revision.commit,
            "git_dirty": str(self.revision.dirty).lower(),
            MODELS_LABEL: ",".join(self.names),
        }
        if self.bentofile.docker.system_packages:
            labels[SYSTEM_LABEL] = " ".join(self.bentofile.docker.system_packages)
        for card in self.cards:
            labels |= {
                f"{card.name}.version": card.version,
                f"{card.name}.card_sha256": card_digest(card.folder / f"{card.name}.yaml"),
                f"{card.name}.licence_code": card.licence.code,
                f"{card.name}.licence_weights": card.licence.weights,
            }
        return labels
