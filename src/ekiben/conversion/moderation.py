"""The recipe `moderation`: two text classifiers as graphs with their vocabularies, the picture classifier as it is."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from ekiben.conversion.guardian import convert_guardian
from ekiben.conversion.joblib_file import read_joblib
from ekiben.conversion.profanity import convert_profanity
from ekiben.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ekiben.inference.term_classifier import TermClassifierFile

VECTORIZER: Final = "profanity-vectorizer.joblib"
MODEL: Final = "profanity-model.joblib"
GUARDIAN: Final = "guardian.json.gz"
PICTURES: Final = "open-nsfw.onnx"


def convert(inputs: Mapping[str, Path], target: Path) -> None:
    """Write `profanity`, `injection` (each `.onnx` and `.json`) and `open-nsfw.onnx` into `target`.

    Raises:
        WeightsError: An input is missing, damaged or of something else.
    """
    expected = {VECTORIZER, MODEL, GUARDIAN, PICTURES}
    if set(inputs) != expected:
        raise WeightsError(f"the recipe moderation takes {', '.join(sorted(expected))}")
    profanity = convert_profanity(read_joblib(inputs[VECTORIZER]), read_joblib(inputs[MODEL]))
    _write(target, "profanity", *profanity)
    _write(target, "injection", *convert_guardian(inputs[GUARDIAN]))
    shutil.copyfile(inputs[PICTURES], target / PICTURES)


def _write(target: Path, name: str, described: TermClassifierFile, graph: bytes) -> None:
    (target / f"{name}.json").write_text(described.model_dump_json(), encoding="utf-8")
    (target / f"{name}.onnx").write_bytes(graph)
