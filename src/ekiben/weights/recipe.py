"""What a conversion recipe is; the recipes themselves live in `ekiben.conversion`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Recipe(Protocol):
    """Turns a card's downloaded files into the files that are stored.

    The same inputs give the same bytes on every machine: the lock holds the digests of the result.
    """

    def __call__(self, inputs: Mapping[str, Path], target: Path) -> None:
        """Write the result's files into the empty folder `target`.

        Raises:
            WeightsError: The inputs are not what the recipe knows.
        """
