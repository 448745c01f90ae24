"""The graph's numbers, against the same arithmetic written out."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from ekiben.conversion.term_graph import BlockWeights, Link, build_term_graph
from ekiben.inference.term_classifier import TermBlock

Row = list[tuple[int, float]]
ROWS: list[Row] = [[(0, 1.0), (2, 2.0)], [], [(1, 1.0)], [(3, 1.5), (0, 1.0), (1, 3.0)]]


def block(analyzer: Literal["words", "characters"], columns: int) -> BlockWeights:
    random = np.random.default_rng(len(analyzer))
    described = TermBlock(analyzer=analyzer, shortest=1, longest=1, sublinear=False, terms=tuple("abcd"))
    return BlockWeights(described, random.uniform(1, 5, 4), random.standard_normal((4, columns)))


def feed(name: str, rows: list[Row]) -> dict[str, NDArray[Any]]:
    flat = [pair for row in rows for pair in row]
    return {
        f"{name}_terms": np.array([term for term, _ in flat], np.int64),
        f"{name}_frequencies": np.array([frequency for _, frequency in flat], np.float64),
        f"{name}_ends": np.cumsum([len(row) for row in rows], dtype=np.int64),
    }


def expected(weights: BlockWeights, row: Row) -> NDArray[np.float64]:
    values = np.zeros(4)
    for term, frequency in row:
        values[term] = frequency * weights.idf[term]
    length = np.sqrt((values**2).sum())
    scores: NDArray[np.float64] = (values / length if length else values) @ weights.weights
    return scores


@pytest.mark.parametrize("link", ["softmax", "mean-of-sigmoids"])
@pytest.mark.parametrize("rows", [ROWS, ROWS[1:2], ROWS[:1]], ids=["several", "one without terms", "one"])
def test_numbers(link: Link, rows: list[Row]) -> None:
    blocks = [block("words", 3), block("characters", 3)]
    bias = np.array([0.5, -1.0, 0.25])
    session = onnxruntime.InferenceSession(build_term_graph("g", blocks, bias, link))
    (found,) = session.run(None, feed("words", rows) | feed("characters", rows))
    for row, probabilities in zip(rows, found, strict=True):
        scores = bias + sum(expected(each, row) for each in blocks)
        if link == "softmax":
            wanted = np.exp(scores) / np.exp(scores).sum()
        else:
            wanted = np.array([(1 / (1 + np.exp(-scores))).mean()])
        np.testing.assert_allclose(probabilities, wanted, atol=1e-6)


def test_the_same_bytes_every_time() -> None:
    made = [build_term_graph("g", [block("words", 2)], np.zeros(2), "softmax") for _ in range(2)]
    assert made[0] == made[1]
