from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from ekiben.conversion import guardian
from ekiben.conversion.guardian import convert_guardian
from ekiben.errors import WeightsError

BUNDLE: dict[str, Any] = {
    "format": "svguardian-pure-1",
    "classes": ["benign", "attack"],
    "benign": "benign",
    "threshold": 0.8,
    "window_min_score": 0.9,
    "n_word_features": 2,
    "word": {"vocab": {"ignore": 0, "rules": 1}, "idf": [1.0, 2.0], "ngram_range": [1, 2], "sublinear_tf": True},
    "char": {"vocab": {" ig": 0}, "idf": [3.0], "ngram_range": [3, 5], "sublinear_tf": True},
    "coef": [[-1.0, 0.5, 0.0], [1.0, -0.5, 2.0]],
    "intercept": [0.1, -0.1],
}


def written(folder: Path, **changes: Any) -> Path:
    path = folder / "g.json.gz"
    path.write_bytes(gzip.compress(json.dumps({**BUNDLE, **changes}).encode()))
    return path


def test_the_numbers_are_the_bundle_s(tmp_path: Path) -> None:
    described, graph = convert_guardian(written(tmp_path))
    assert (described.classes, described.benign) == (("benign", "attack"), "benign")
    assert (described.threshold, described.window_threshold) == (0.8, 0.9)
    assert [(each.analyzer, each.shortest, each.longest) for each in described.blocks] == [
        ("words", 1, 2),
        ("characters", 3, 5),
    ]
    feed = {
        "words_terms": np.array([0], np.int64),
        "words_frequencies": np.ones(1),
        "words_ends": np.array([1], np.int64),
        "characters_terms": np.array([0], np.int64),
        "characters_frequencies": np.ones(1),
        "characters_ends": np.array([1], np.int64),
    }
    (found,) = onnxruntime.InferenceSession(graph).run(None, feed)
    scores = np.exp([0.1 - 1.0 + 0.0, -0.1 + 1.0 + 2.0])
    np.testing.assert_allclose(found[0], scores / scores.sum(), atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": "other"}, "format"),
        ({"more": 1}, "more"),
        ({"coef": [[1.0, 2.0, 3.0]]}, "coefficients are not 2 rows"),
        ({"coef": [[1.0], [2.0]]}, "coefficients are not 2 rows"),
        ({"coef": [["x"] * 3] * 2}, "coef"),
        ({"intercept": [0.0]}, "do not agree"),
        ({"benign": "none"}, "do not agree"),
        ({"n_word_features": 1}, "."),
        ({"threshold": 2.0}, "threshold"),
        ({"word": {**BUNDLE["word"], "vocab": {"ignore": 0, "rules": 5}}}, "without gaps"),
        ({"word": {**BUNDLE["word"], "idf": [1.0]}}, "without gaps"),
        ({"char": {**BUNDLE["char"], "ngram_range": [0, 5]}}, "ngram_range"),
    ],
)
def test_another_bundle_is_refused(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(WeightsError, match=reason):
        convert_guardian(written(tmp_path, **changes))


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"{")[:-4], gzip.compress(b"[1]")],
    ids=["empty", "no-gzip", "cut", "no-object"],  # gzip writes the time
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "g.json.gz"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"g\.json\.gz: "):
        convert_guardian(path)


def test_a_file_that_grows_without_end_is_not_read_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guardian, "MAX_JSON_BYTES", 10_000)
    path = tmp_path / "g.json.gz"
    path.write_bytes(gzip.compress(b" " * 20_000))
    with pytest.raises(WeightsError, match="more than 10000 bytes"):
        convert_guardian(path)
