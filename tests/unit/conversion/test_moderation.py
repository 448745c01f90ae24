from __future__ import annotations

from pathlib import Path

import pytest

from ekiben.conversion.moderation import convert
from ekiben.conversion.recipes import RECIPES
from ekiben.errors import WeightsError


def test_the_recipe_has_its_name_and_says_what_it_takes(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"guardian\.json\.gz, open-nsfw\.onnx, profanity-model"):
        RECIPES["moderation"]({"model.onnx": tmp_path / "a"}, tmp_path)
    with pytest.raises(WeightsError, match="takes"):
        convert({}, tmp_path)
