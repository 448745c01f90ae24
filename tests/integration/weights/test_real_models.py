"""The project's own cards, fetched for real; needs a package index."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from ekiben.cards.catalogue import load_catalogue

if TYPE_CHECKING:
    from ekiben.cards.card import Preprocess
    from tests.integration.weights.conftest import Project

ROOT = Path(__file__).parents[3]


def prepared(path: Path, how: Preprocess) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Written apart from the runtime's own code, to say what the card's numbers mean."""
    image = Image.open(path).convert("RGB")
    scale = how.resize / min(image.size)
    width, height = (round(side * scale) for side in image.size)
    left, top = (width - how.crop) // 2, (height - how.crop) // 2
    resized = image.resize((width, height), Image.Resampling[how.interpolation.upper()])
    pixels = np.asarray(resized.crop((left, top, left + how.crop, top + how.crop)), np.float32) / 255
    normal = (pixels - np.array(how.mean, np.float32)) / np.array(how.std, np.float32)
    return normal.transpose(2, 0, 1)[None].astype(np.float32)


@pytest.fixture
def pulled(project: Project) -> Project:
    shutil.rmtree(project.models)
    shutil.copytree(ROOT / "models", project.models)
    status, _, errors = project.run("pull", "efficientnet-lite0")
    assert status == 0, errors
    return project


@pytest.mark.slow
def test_the_picture_classifier_sees_what_is_there(pulled: Project) -> None:
    card = load_catalogue(pulled.models).get("efficientnet-lite0")
    model = pulled.home / "models" / card.name / card.version / "model.onnx"
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    assert card.labels_path
    assert card.preprocess
    labels = card.labels_path.read_text(encoding="utf-8").splitlines()
    # The numbers are those of the original network in torch 2.13 on the same files.
    expected = {
        "chelsea.jpg": {"tiger cat": 0.3912, "Egyptian cat": 0.3395, "tabby": 0.1769},
        "coffee.jpg": {"espresso": 0.88, "consomme": 0.053, "cup": 0.0211},
    }
    for name, best in expected.items():
        picture = prepared(ROOT / "tests" / "data" / "images" / name, card.preprocess)
        (found,) = session.run(None, {"image": picture})
        order = np.argsort(-found[0])[: len(best)]
        assert [labels[index] for index in order] == list(best)
        np.testing.assert_allclose(found[0][order], list(best.values()), atol=2e-4)
