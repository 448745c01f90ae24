from __future__ import annotations

import pytest

from ekiben.cards.card import Source
from ekiben.cards.catalogue import Catalogue
from ekiben.testing.embedding import toy_card
from ekiben.weights.templates import template_of

_OPEN = toy_card("open", source=Source(files={"model.onnx": "hf:org/model@main/model.onnx"}))
_PINNED = toy_card("pinned", source=Source(files={"model.onnx": f"hf:org/other@{'0' * 40}/model.onnx"}))
_CATALOGUE = Catalogue([_OPEN, _PINNED])


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("open", _OPEN),
        ("hf:org/model", _OPEN),
        ("hf:org/model@main", None),
        ("pinned", None),
        ("hf:org/other", None),
        ("hf:org/unknown", None),
    ],
)
def test_a_template_is_found(reference: str, expected: object) -> None:
    assert template_of(_CATALOGUE, reference) is expected
