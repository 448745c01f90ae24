"""The recipes a card may name under `source.convert`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, TYPE_CHECKING


if TYPE_CHECKING:
    from ekiben.weights.recipe import Recipe
    from pathlib import Path
    from collections.abc import Mapping


def _efficientnet_lite(inputs: Mapping[str, Path], target: Path) -> None:
    # Imported when used: listing models must not wait for numpy and onnx.
    from ekiben.conversion.efficientnet_lite import convert

    convert(inputs, target)


RECIPES: Final[Mapping[str, Recipe]] = MappingProxyType({"efficientnet-lite": _efficientnet_lite})
