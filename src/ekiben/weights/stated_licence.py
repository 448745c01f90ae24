"""From the hub's word for a licence to what a card states of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ekiben.errors import WeightsError

if TYPE_CHECKING:
    from ekiben.weights.repository import Repository

_KNOWN: Final = {
    "apache-2.0": "Apache-2.0",
    "mit": "MIT",
    "bsd-3-clause": "BSD-3-Clause",
    "cc-by-4.0": "CC-BY-4.0",
    "creativeml-openrail-m": "CreativeML Open RAIL-M",
    "openrail": "OpenRAIL",
    "openrail++": "CreativeML Open RAIL++-M",
}
_NON_COMMERCIAL: Final = re.compile(r"(^|[^a-z])nc([^a-z]|$)|non-?commercial|flux-1-dev", re.IGNORECASE)
_NON_COMMERCIAL_SAID: Final = "non-commercial use only, or under the conditions that it states"
_OWN_SAID: Final = "it has conditions of its own; read them on the model's page"


@dataclass(frozen=True, slots=True)
class StatedLicence:
    """A licence as a card states it; `restricted` says why a pull of it asks first."""

    name: str
    restricted: str | None = None

    def lines(self, code: str | None = None) -> str:
        """The card's section; `code` is the licence of the code where that is another one."""
        stated = {"code": code or self.name, "weights": self.name}
        if self.restricted:
            stated["restricted"] = self.restricted
        return "\n".join(f"  {key}: {_quoted(value)}" for key, value in stated.items())


def stated_licence(repository: Repository, given: str | None) -> StatedLicence:
    """Read a repository's licence, or take the one that the user read on its page.

    Raises:
        WeightsError: There is none.
    """
    said = given or repository.licence
    if not said:
        raise WeightsError(f"{repository.name}: the hub states no licence; read its page and give it with --licence")
    name = _KNOWN.get(said, said)
    if _NON_COMMERCIAL.search(name):
        return StatedLicence(name, _NON_COMMERCIAL_SAID)
    return StatedLicence(name, None if given or said in _KNOWN else _OWN_SAID)


def _quoted(text: str) -> str:
    """YAML text; plain where it can be."""
    return text if re.fullmatch(r"[A-Za-z][\w .+/-]*", text) else '"' + re.sub(r'["\\\s]+', " ", text) + '"'
