"""Builds the ONNX graph of a bag-of-terms classifier: TF-IDF of each block, a linear layer, probabilities.

Rows of a batch stand one behind the other instead of padded side by side: a text of ten thousand terms beside one
of ten costs what both have. A row's sum is the difference of two running sums, in double precision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from onnx import TensorProto

from ekiben.conversion.graph import GraphBuilder, Shape
from ekiben.inference.term_classifier import ENDS, FREQUENCIES, PROBABILITIES, TERMS, TermBlock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Softmax over the columns, or the mean of a sigmoid of each: an average of calibrated two-class models.
Link = Literal["softmax", "mean-of-sigmoids"]
_TINY: Final = 1e-300  # what a row without terms is divided by


@dataclass(frozen=True, slots=True)
class BlockWeights:
    """A block with what was learnt for it.

    Attributes:
        block: How its terms are made.
        idf: float64 [terms], the weight of each term's frequency.
        weights: float64 [terms, columns] of the linear layer.
    """

    block: TermBlock
    idf: NDArray[np.float64]
    weights: NDArray[np.float64]


def build_term_graph(name: str, blocks: Sequence[BlockWeights], bias: NDArray[np.float64], link: Link) -> bytes:
    """Return the model file; `ekiben.inference.term_classifier` has its inputs and outputs.

    Args:
        name: The graph's name.
        blocks: At least one, of different analyzers.
        bias: float64 [columns].
        link: From the linear layer to probabilities.
    """
    graph = GraphBuilder(name)
    total = graph.constant("bias", bias)
    shapes: dict[str, Shape] = {}
    types: dict[str, int] = {}
    for block in blocks:
        layer = _BlockLayer(graph, block.block.analyzer)
        total = graph.node("Add", [total, layer.add(block)], f"{layer.name}_added")
        shapes |= {layer.terms: [layer.name], layer.frequencies: [layer.name], layer.ends: ["rows"]}
        types |= {
            layer.terms: TensorProto.INT64,
            layer.frequencies: TensorProto.DOUBLE,
            layer.ends: TensorProto.INT64,
        }
    single = graph.node("Cast", [total], "scores", to=TensorProto.FLOAT)
    _link(graph, single, link)
    return graph.serialize(shapes, {PROBABILITIES: ("rows", bias.size if link == "softmax" else 1)}, types)


def _link(graph: GraphBuilder, scores: str, link: Link) -> None:
    if link == "softmax":
        graph.node("Softmax", [scores], PROBABILITIES, axis=1)
    else:
        sigmoids = graph.node("Sigmoid", [scores], "sigmoids")
        graph.node("ReduceMean", [sigmoids], PROBABILITIES, axes=[1], keepdims=1)


class _BlockLayer:
    """The nodes of one block."""

    def __init__(self, graph: GraphBuilder, name: str) -> None:
        self.graph, self.name = graph, name
        self.terms, self.frequencies, self.ends = f"{name}_{TERMS}", f"{name}_{FREQUENCIES}", f"{name}_{ENDS}"

    def add(self, block: BlockWeights) -> str:
        """Σ weight · value over each row's terms, where the values of a row have length 1: [rows, columns].

        The length divides the sums instead of the values: fewer numbers, the same result.
        """
        idf = self._constant("idf", block.idf)
        values = self._node("Mul", [self.frequencies, self._node("Gather", [idf, self.terms], "idfs")], "values")
        squares = self._sums(self._node("Mul", [values, values], "squares"), np.zeros(1), "squares")
        positive = self._node("Max", [squares, self._constant("tiny", np.array(_TINY))], "positive")
        lengths = self._column(self._node("Sqrt", [positive], "lengths"), "lengths")
        weights = self._constant("weights", block.weights)
        gathered = self._node("Gather", [weights, self.terms], "gathered", axis=0)
        weighted = self._node("Mul", [gathered, self._column(values, "values")], "weighted")
        sums = self._sums(weighted, np.zeros((1, block.weights.shape[1])), "weighted")
        return self._node("Div", [sums, lengths], "scores")

    def _sums(self, values: str, nothing: np.ndarray[tuple[int, ...], np.dtype[np.float64]], name: str) -> str:
        """Sum each row's part of `values` along axis 0; `nothing` is the running sum before the first."""
        axis = self.graph.constant("axis_0", np.array(0, np.int64))
        running = self._node("CumSum", [values, axis], f"{name}_running")
        before = self._constant(f"{name}_nothing", nothing)
        bounds = self._node("Concat", [before, running], f"{name}_bounds", axis=0)
        upper = self._node("Gather", [bounds, self.ends], f"{name}_upper", axis=0)
        lower = self._node("Gather", [bounds, self._starts()], f"{name}_lower", axis=0)
        return self._node("Sub", [upper, lower], f"{name}_sums")

    def _starts(self) -> str:
        """A row begins where the one before ends, the first at 0."""
        name = f"{self.name}_starts"
        if not self.graph.has(name):
            zero = self.graph.constant("zero_i", np.zeros(1, np.int64))
            minus_one = self.graph.constant("minus_one_i", np.array([-1], np.int64))
            shifted = self._node("Slice", [self.ends, zero, minus_one], "but_last")
            self._node("Concat", [zero, shifted], "starts", axis=0)
        return name

    def _column(self, vector: str, name: str) -> str:
        """[n] as [n, 1]."""
        one = self.graph.constant("one_i", np.ones(1, np.int64))
        return self._node("Unsqueeze", [vector, one], f"{name}_column")

    def _constant(self, name: str, value: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
        return self.graph.constant(f"{self.name}_{name}", value)

    def _node(self, operator: str, inputs: Sequence[str], name: str, **attributes: int) -> str:
        return self.graph.node(operator, inputs, f"{self.name}_{name}", **attributes)
