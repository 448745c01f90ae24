"""The recipes a card may name under `source.convert`."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ekiben.weights.recipe import Recipe


def _efficientnet_lite(inputs: Mapping[str, Path], target: Path) -> None:
    # Imported when used: listing models must not wait for numpy and onnx.
    from ekiben.conversion.efficientnet_lite import convert

    convert(inputs, target)


def _moderation(inputs: Mapping[str, Path], target: Path) -> None:
    from ekiben.conversion.moderation import convert

    convert(inputs, target)


RECIPES: Final[Mapping[str, Recipe]] = MappingProxyType(
    {"efficientnet-lite": _efficientnet_lite, "moderation": _moderation}
)
