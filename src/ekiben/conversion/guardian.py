"""From SecureVector Guardian's JSON bundle to a bag-of-terms classifier: words and pieces of words, softmax."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING, Annotated, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from ekiben.conversion.term_graph import BlockWeights, build_term_graph
from ekiben.errors import WeightsError
from ekiben.inference.term_classifier import TermBlock, TermClassifierFile

if TYPE_CHECKING:
    from pathlib import Path

MAX_JSON_BYTES: Final = 128 * 2**20

_Fraction = Annotated[float, Field(ge=0, le=1)]
_Positive = Annotated[int, Field(ge=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Vectorizer(_Strict):
    vocab: dict[str, Annotated[int, Field(ge=0)]]
    idf: list[FiniteFloat]
    ngram_range: tuple[_Positive, _Positive]
    sublinear_tf: bool


class _Bundle(_Strict):
    format: Literal["svguardian-pure-1"]
    classes: list[str]
    benign: str
    threshold: _Fraction
    window_min_score: _Fraction
    n_word_features: _Positive
    word: _Vectorizer
    char: _Vectorizer
    coef: list[list[FiniteFloat]]
    intercept: list[FiniteFloat]


def convert_guardian(path: Path) -> tuple[TermClassifierFile, bytes]:
    """The classifier's description and its graph.

    Raises:
        WeightsError: The file is not the bundle it should be.
    """
    bundle = _read(path)
    coefficients = _coefficients(bundle)
    words = _block("words", bundle.word, coefficients[: bundle.n_word_features])
    characters = _block("characters", bundle.char, coefficients[bundle.n_word_features :])
    described = TermClassifierFile(
        classes=tuple(bundle.classes),
        benign=bundle.benign,
        threshold=bundle.threshold,
        window_threshold=bundle.window_min_score,
        blocks=(words.block, characters.block),
    )
    return described, build_term_graph("injection", [words, characters], np.array(bundle.intercept), "softmax")


def _read(path: Path) -> _Bundle:
    try:
        with gzip.open(path) as file:
            content = file.read(MAX_JSON_BYTES + 1)
        if len(content) > MAX_JSON_BYTES:
            raise WeightsError(f"{path.name}: holds more than {MAX_JSON_BYTES} bytes")
        # JSON mode: tuples are written as lists.
        return _Bundle.model_validate_json(content)
    except (OSError, EOFError, zlib.error) as error:
        raise WeightsError(f"{path.name}: is damaged: {error}") from None
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in found["loc"])
        raise WeightsError(f"{path.name}: is not Guardian's bundle: {where}: {found['msg']}") from None


def _coefficients(bundle: _Bundle) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    features = bundle.n_word_features + len(bundle.char.vocab)
    classes = len(bundle.classes)
    if [len(row) for row in bundle.coef] != [features] * classes:
        raise WeightsError(f"Guardian's coefficients are not {classes} rows of {features} numbers")
    if len(bundle.intercept) != classes or bundle.benign not in bundle.classes:
        raise WeightsError("Guardian's classes, intercepts and benign class do not agree")
    if bundle.n_word_features != len(bundle.word.vocab):
        raise WeightsError("Guardian's number of word features is not that of its vocabulary")
    return np.array(bundle.coef, np.float64).T


def _block(
    analyzer: Literal["words", "characters"],
    found: _Vectorizer,
    weights: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> BlockWeights:
    terms = sorted(found.vocab, key=found.vocab.__getitem__)
    if [found.vocab[term] for term in terms] != list(range(len(found.idf))):
        raise WeightsError(f"Guardian's {analyzer} are not numbered without gaps")
    shortest, longest = found.ngram_range
    block = TermBlock(
        analyzer=analyzer, shortest=shortest, longest=longest, sublinear=found.sublinear_tf, terms=tuple(terms)
    )
    return BlockWeights(block, np.array(found.idf, np.float64), np.ascontiguousarray(weights))
