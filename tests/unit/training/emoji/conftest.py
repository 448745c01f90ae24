from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tests.unit.diffusion.conftest import _one_thread as _one_thread
from tests.unit.training.emoji.toys import DICTIONARY, ENTRIES, INKS, LIST, ToyMeanings
from training.emoji.concepts import Concept, read_concepts
from training.emoji.prepared import Prepared, prepare, read_prepared


@pytest.fixture(scope="session")
def concepts(tmp_path_factory: pytest.TempPathFactory) -> list[Concept]:
    folder = tmp_path_factory.mktemp("lists")
    (folder / "list.txt").write_text(LIST)
    (folder / "data.json").write_text(json.dumps(ENTRIES))
    return read_concepts(folder / "data.json", folder / "list.txt")


@pytest.fixture(scope="session")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disc in each ink, with a dark eye and some transparent room around it."""
    folder = tmp_path_factory.mktemp("drawings")
    for code, ink in INKS.items():
        image = Image.new("RGBA", (256, 256), (0, 0, 0, 0))
        pen = ImageDraw.Draw(image)
        pen.ellipse((40, 20, 200, 180), fill=(*ink, 255))
        pen.ellipse((90, 60, 120, 90), fill=(20, 20, 20, 255))
        image.save(folder / f"{code}.webp", lossless=True)
    return folder


@pytest.fixture(scope="session")
def prepared(concepts: list[Concept], drawings: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("prepared")
    prepare(folder, concepts, drawings=drawings, meanings=ToyMeanings(), dictionary=DICTIONARY)
    return read_prepared(folder)
