"""What the gateways of one queue tell each other of their requests, so that each decides by all of them.

It stands beside what workers say of themselves, under a name that no model has.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from ekiben.errors import EkibenError
from ekiben.jobs import Board, Store

_GATEWAYS: Final = "_gateways"
_MOST: Final = 1_000
"""Gateways; those beside workers elsewhere, which nobody calls, are among them."""
_Number = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]


class Share(BaseModel):
    """One model's requests at one gateway, or at several; read from other machines, so every field is bounded.

    Attributes:
        in_flight: Items that are waited for.
        rate: Arrivals a second over the last minute.
        peak: The most of that in ten.
        busy_s: Seconds for which those that were computed lately held a slot, taken together.
        done: How many those were.
    """

    model_config = ConfigDict(frozen=True)

    in_flight: _Number = 0
    rate: _Number = 0
    peak: _Number = 0
    busy_s: _Number = 0
    done: _Number = 0

    def plus(self, other: Share) -> Share:
        """Both together."""
        return Share.model_construct(
            **{name: getattr(self, name) + getattr(other, name) for name in Share.model_fields}
        )


class _Told(BaseModel):
    gateway: Annotated[str, Field(max_length=64)]
    models: Annotated[dict[str, Share], Field(max_length=1_000)]


class SharedTraffic:
    """See the module.

    Args:
        store: The queue's.
        lasting_s: Seconds for which what a gateway has told counts, should it tell no more.
    """

    def __init__(self, store: Store, lasting_s: float) -> None:
        self._board = Board(store, _Told, lasting_s=lasting_s, most=_MOST)
        self._gateway = uuid.uuid4().hex
        self._others: dict[str, Share] = {}

    async def exchange(self, own: Mapping[str, Share]) -> Mapping[str, Share]:
        """Tell one's own; returns what the others have told, by model. While the server is away, the last stands."""
        told = _Told(gateway=self._gateway, models=dict(own))
        try:
            await self._board.put(_GATEWAYS, self._gateway, told)
            found, _ = await self._board.read(_GATEWAYS)
        except EkibenError:
            return self._others
        self._others = _together(each for each in found if each.gateway != self._gateway)
        return self._others


def _together(told: Iterable[_Told]) -> dict[str, Share]:
    found: dict[str, Share] = {}
    for each in told:
        for model, share in each.models.items():
            found[model] = found.get(model, Share()).plus(share)
    return found
