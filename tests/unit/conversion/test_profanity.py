from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest

from ekiben.conversion.joblib_file import Instance
from ekiben.conversion.profanity import convert_profanity
from ekiben.errors import WeightsError

VECTORIZER: dict[str, Any] = {
    "analyzer": "word",
    "binary": False,
    "lowercase": True,
    "ngram_range": (1, 1),
    "norm": "l2",
    "preprocessor": None,
    "strip_accents": None,
    "sublinear_tf": False,
    "token_pattern": r"(?u)\b\w\w+\b",
    "tokenizer": None,
    "use_idf": True,
    "vocabulary_": {"bad": 1, "awful": 0},
    "_tfidf": Instance("sklearn.feature_extraction.text TfidfTransformer", {"idf_": np.array([2.0, 4.0])}),
}


def vectorizer(**changes: Any) -> Instance:
    return Instance("sklearn.feature_extraction.text TfidfVectorizer", {**VECTORIZER, **changes})


def calibrated(weights: list[float], a: float = -2.0, b: float = 0.5, **svm: Any) -> Instance:
    attributes = {"coef_": np.array([weights]), "intercept_": np.array([0.25]), **svm}
    calibrator = Instance("sklearn.calibration _SigmoidCalibration", {"a_": a, "b_": b})
    estimator = Instance("sklearn.svm._classes LinearSVC", attributes)
    return Instance("sklearn.calibration _CalibratedClassifier", {"estimator": estimator, "calibrators": [calibrator]})


def model(*classifiers: Instance) -> Instance:
    return Instance("sklearn.calibration CalibratedClassifierCV", {"calibrated_classifiers_": list(classifiers)})


def test_the_mean_of_the_calibrated_probabilities() -> None:
    described, graph = convert_profanity(vectorizer(), model(calibrated([1.0, 2.0]), calibrated([-1.0, 0.5], a=-1.0)))
    assert described.blocks[0].terms == ("awful", "bad")
    session = onnxruntime.InferenceSession(graph)
    feed = {
        "words_terms": np.array([1, 0], np.int64),
        "words_frequencies": np.array([1.0, 2.0]),
        "words_ends": np.array([2], np.int64),
    }
    (found,) = session.run(None, feed)
    values = np.array([2 * 2.0, 1 * 4.0]) / np.hypot(4.0, 4.0)
    decisions = [values @ [1.0, 2.0] + 0.25, values @ [-1.0, 0.5] + 0.25]
    wanted = [1 / (1 + np.exp(a * decision + 0.5)) for a, decision in zip((-2.0, -1.0), decisions, strict=True)]
    assert found[0, 0] == pytest.approx(np.mean(wanted), abs=1e-6)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (vectorizer(sublinear_tf=True), "sublinear_tf is True"),
        (vectorizer(ngram_range=(1, 2)), "ngram_range"),
        (vectorizer(token_pattern="x"), "token_pattern"),
        (vectorizer(vocabulary_={"a": 0, "b": 2}), "without gaps"),
        (Instance("os system"), "TfidfVectorizer was expected, not os system"),
        (5, "TfidfVectorizer was expected, not int"),
        (vectorizer(_tfidf=Instance("sklearn.feature_extraction.text TfidfTransformer")), "has no idf_"),
    ],
)
def test_another_vectorizer_is_refused(changed: object, reason: str) -> None:
    with pytest.raises(WeightsError, match=reason):
        convert_profanity(changed, model(calibrated([1.0, 2.0])))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (model(), "no calibrated classifiers"),
        (model(calibrated([1.0])), r"float64\[1, 2\] was expected"),
        (model(calibrated([1.0, float("nan")])), "not a finite number"),
        (Instance("sklearn.calibration CalibratedClassifierCV"), "has no calibrated_classifiers_"),
    ],
)
def test_another_model_is_refused(changed: object, reason: str) -> None:
    with pytest.raises(WeightsError, match=reason):
        convert_profanity(vectorizer(), changed)
