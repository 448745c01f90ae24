"""From alt-profanity-check's two joblib files to a bag-of-terms classifier.

    TfidfVectorizer (words, stop words dropped)  →  5 × (LinearSVC → sigmoid calibration)  →  mean

Each calibration is a sigmoid of a linear function of a linear function, so that it folds into the linear layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ekiben.conversion.joblib_file import Instance
from ekiben.conversion.term_graph import BlockWeights, build_term_graph
from ekiben.errors import WeightsError
from ekiben.inference.term_classifier import TermBlock, TermClassifierFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_VECTORIZER = "sklearn.feature_extraction.text TfidfVectorizer"
_CALIBRATED = "sklearn.calibration CalibratedClassifierCV"
_SIGMOID = "sklearn.calibration _SigmoidCalibration"
# What the runtime's tokenizer does; another setting would need another one.
_EXPECTED = {
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
}


def convert_profanity(vectorizer: object, model: object) -> tuple[TermClassifierFile, bytes]:
    """The classifier's description and its graph; one class, `offensive`.

    Raises:
        WeightsError: The objects are not those of alt-profanity-check, or are set up in another way.
    """
    terms, idf = _vectorizer(_attributes(vectorizer, _VECTORIZER))
    weights, bias = _layer(_attributes(model, _CALIBRATED), len(terms))
    block = TermBlock(analyzer="words", shortest=1, longest=1, sublinear=False, terms=terms)
    graph = build_term_graph("profanity", [BlockWeights(block, idf, weights)], bias, "mean-of-sigmoids")
    return TermClassifierFile(classes=("offensive",), blocks=(block,)), graph


def _vectorizer(found: Mapping[str, Any]) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    for name, expected in _EXPECTED.items():
        if found.get(name) != expected:
            raise WeightsError(f"the vectorizer's {name} is {found.get(name)!r}, not {expected!r}")
    vocabulary = found["vocabulary_"]
    terms = tuple(sorted(vocabulary, key=vocabulary.__getitem__))
    if [vocabulary[term] for term in terms] != list(range(len(terms))):
        raise WeightsError("the vocabulary's columns are not numbered without gaps")
    transformer = _attributes(found["_tfidf"], "sklearn.feature_extraction.text TfidfTransformer")
    return terms, _array(transformer["idf_"], (len(terms),))


def _layer(found: Mapping[str, Any], terms: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    columns, bias = [], []
    for each in found["calibrated_classifiers_"]:
        calibrated = _attributes(each, "sklearn.calibration _CalibratedClassifier")
        svm = _attributes(calibrated["estimator"], "sklearn.svm._classes LinearSVC")
        (calibrator,) = calibrated["calibrators"]
        sigmoid = _attributes(calibrator, _SIGMOID)
        a, b = float(sigmoid["a_"]), float(sigmoid["b_"])
        # scikit-learn's calibrated probability is 1 / (1 + exp(a · decision + b)).
        columns.append(-a * _array(svm["coef_"], (1, terms))[0])
        bias.append(-a * float(_array(svm["intercept_"], (1,))[0]) - b)
    if not columns:
        raise WeightsError("the model has no calibrated classifiers")
    return np.stack(columns, axis=1), np.array(bias)


def _attributes(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Instance) or value.name != name:
        found = value.name if isinstance(value, Instance) else type(value).__name__
        raise WeightsError(f"a {name.partition(' ')[2]} was expected, not {found}")
    return _Attributes(value)


class _Attributes(dict[str, Any]):
    """An object's attributes; one that is missing is a fault of the file."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance.attributes)
        self._name = instance.name

    def __missing__(self, name: str) -> Any:
        raise WeightsError(f"the {self._name.partition(' ')[2]} has no {name}")


def _array(value: object, shape: tuple[int, ...]) -> NDArray[np.float64]:
    if not isinstance(value, np.ndarray) or value.shape != shape or value.dtype != np.float64:
        raise WeightsError(f"float64{list(shape)} was expected")
    if not np.isfinite(value).all():
        raise WeightsError("a weight is not a finite number")
    return value
