"""What a Bento is to be, decided before anything is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ekiben.deploy.bentofile import PLATFORM, Bentofile
from ekiben.deploy.revision import Revision
from ekiben.errors import BuildError
from ekiben.version import __version__
from ekiben.weights.digest import card_digest

if TYPE_CHECKING:
    from ekiben.cards.card import Card
    from ekiben.cards.catalogue import Catalogue

MODELS_LABEL = "models"
# What the packages need of the system besides Python, by Debian's names.
SYSTEM_LABEL = "system_packages"


@dataclass(frozen=True, slots=True)
class Blueprint:
    """One Bento to build.

    Attributes:
        cards: The models it serves: all that the platform has, or the service's own.
        version: The platform's is the project's, a service's is its card's.
    """

    bentofile: Bentofile
    cards: tuple[Card, ...]
    version: str
    revision: Revision

    @property
    def tag(self) -> str:
        """The Bento's tag in BentoML's store."""
        return f"{self.bentofile.name}:{self.version}"

    @property
    def names(self) -> tuple[str, ...]:
        """The served names."""
        return tuple(card.name for card in self.cards)

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


def draw(bentofile: Bentofile, catalogue: Catalogue, revision: Revision, version: str | None = None) -> Blueprint:
    """Decide on cards and version; a service on its own serves the first of its cards by name.

    Raises:
        BuildError: The file includes no card that is served.
    """
    cards = bentofile.cards(catalogue.served)
    if not cards:
        raise BuildError(f"{bentofile.path}: no card is included that is served; add its folder under models/")
    if bentofile.target == PLATFORM:
        return Blueprint(bentofile, cards, version or __version__, revision)
    return Blueprint(bentofile, cards[:1], version or cards[0].version, revision)
