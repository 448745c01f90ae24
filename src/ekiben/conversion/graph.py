"""A small builder of ONNX graphs whose bytes depend on nothing but what is put in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPSET: Final = 17
# What opset 17 came with; newer onnx packages would write their own newest otherwise.
IR_VERSION: Final = 8

Shape = Sequence[int | str]
# Element types of inputs and outputs that are not float32, by name.
Types = Mapping[str, int]
_ALL_FLOAT: Final[Types] = MappingProxyType({})


class GraphBuilder:
    """Adds nodes one after the other; every method returns the name of its result."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """Store an array in the graph; a name that is there already keeps its value."""
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.asarray(value, order="C"), name)
        return name

    def node(self, operator: str, inputs: Sequence[str], result: str, **attributes: int | Sequence[int]) -> str:
        """Add one operator with one result."""
        node = helper.make_node(operator, list(inputs), [result], name=result)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in sorted(attributes.items()))
        self._nodes.append(node)
        return result

    def has(self, result: str) -> bool:
        """Whether a node of that result is there already."""
        return any(node.name == result for node in self._nodes)

    def serialize(self, inputs: dict[str, Shape], outputs: dict[str, Shape], types: Types = _ALL_FLOAT) -> bytes:
        """Return the checked model file; inputs and outputs map names to shapes and are float32 unless in `types`."""
        constants = list(self._constants.values())
        graph = helper.make_graph(self._nodes, self._name, _values(inputs, types), _values(outputs, types), constants)
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="ekiben",
            producer_version="1",
        )
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))


def _values(shapes: dict[str, Shape], types: Types) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(name, types.get(name, TensorProto.FLOAT), shape) for name, shape in shapes.items()
    ]
