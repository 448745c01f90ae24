from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pytest

from ekiben.conversion.efficientnet_lite import STAGES, build, convert
from ekiben.errors import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.unit.conversion.conftest import WriteTorch

    State = dict[str, NDArray[Any]]


def norm(name: str, channels: int, random: np.random.Generator) -> State:
    return {
        f"{name}.weight": random.uniform(0.5, 1.5, channels).astype("<f4"),
        f"{name}.bias": random.standard_normal(channels).astype("<f4") * np.float32(0.1),
        f"{name}.running_mean": random.standard_normal(channels).astype("<f4") * np.float32(0.1),
        f"{name}.running_var": random.uniform(0.5, 1.5, channels).astype("<f4"),
    }


def random_state() -> State:
    """Every tensor of the network, with random values of a size that keeps activations alive."""
    random = np.random.default_rng(3)
    state: State = {}

    def conv(name: str, norm_name: str, out: int, channels: int, kernel: int) -> None:
        scale = np.float32((2 / (channels * kernel * kernel)) ** 0.5)
        state[f"{name}.weight"] = random.standard_normal((out, channels, kernel, kernel)).astype("<f4") * scale
        state.update(norm(norm_name, out, random))

    conv("_conv_stem", "_bn0", 32, 3, 3)
    index = 0
    for stage in STAGES:
        channels = stage.channels_in
        for _ in range(stage.repeats):
            wide, block = channels * stage.expand, f"_blocks.{index}"
            if stage.expand != 1:
                conv(f"{block}._expand_conv", f"{block}._bn0", wide, channels, 1)
            conv(f"{block}._depthwise_conv", f"{block}._bn1", wide, 1, stage.kernel)
            conv(f"{block}._project_conv", f"{block}._bn2", stage.channels_out, wide, 1)
            channels, index = stage.channels_out, index + 1
    conv("_conv_head", "_bn1", 1280, 320, 1)
    state["_fc.weight"] = random.standard_normal((1000, 1280)).astype("<f4") * np.float32(0.05)
    state["_fc.bias"] = random.standard_normal(1000).astype("<f4")
    return state


@pytest.fixture(scope="module")
def state() -> State:
    return random_state()


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}


def test_the_graph_takes_pictures_and_gives_probabilities(state: State) -> None:
    session = onnxruntime.InferenceSession(build(state), providers=["CPUExecutionProvider"])
    (image,), (probabilities,) = session.get_inputs(), session.get_outputs()
    assert (image.name, image.type, image.shape) == ("image", "tensor(float)", ["batch", 3, 224, 224])
    assert (probabilities.name, probabilities.shape) == ("probabilities", ["batch", 1000])
    pictures = np.random.default_rng(0).standard_normal((3, 3, 224, 224)).astype(np.float32)
    (found,) = session.run(None, {"image": pictures})
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    (alone,) = session.run(None, {"image": pictures[1:2]})
    np.testing.assert_allclose(alone[0], found[1], atol=1e-6)


def test_bytes_are_the_same_every_time(state: State) -> None:
    shuffled = dict(reversed(state.items()))
    assert build(state) == build(shuffled)


def test_the_form_is_pinned(state: State) -> None:
    model = onnx.load_from_string(build(state))
    assert (model.ir_version, model.producer_name) == (8, "ekiben")
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 17)]
    assert {node.op_type for node in model.graph.node} == {
        "Conv", "Clip", "Add", "GlobalAveragePool", "Flatten", "Gemm", "Softmax",
    }  # fmt: skip


def test_padding_is_that_of_tensorflow(state: State) -> None:
    nodes = {node.name: attributes(node) for node in onnx.load_from_string(build(state)).graph.node}
    assert nodes["_conv_stem"]["pads"] == [0, 0, 1, 1]  # 224 → 112, 3×3: one pixel, behind
    assert nodes["_blocks.0._depthwise_conv"]["pads"] == [1, 1, 1, 1]
    assert nodes["_blocks.1._depthwise_conv"]["pads"] == [0, 0, 1, 1]  # 112 → 56, 3×3
    assert nodes["_blocks.3._depthwise_conv"]["pads"] == [1, 1, 2, 2]  # 56 → 28, 5×5: three pixels
    assert nodes["_blocks.11._depthwise_conv"]["pads"] == [1, 1, 2, 2]  # 14 → 7
    assert nodes["_blocks.15._depthwise_conv"]["pads"] == [1, 1, 1, 1]
    assert sum(name.endswith(".add") for name in nodes) == 9


def test_batch_normalisation_is_folded(state: State) -> None:
    model = onnx.load_from_string(build(state))
    constants = {value.name: onnx.numpy_helper.to_array(value) for value in model.graph.initializer}
    values = np.random.default_rng(1).standard_normal((5, 320))
    weight = state["_conv_head.weight"][:, :, 0, 0].astype(np.float64)
    plain = values @ weight.T
    scale = state["_bn1.weight"] / np.sqrt(state["_bn1.running_var"] + 1e-3)
    expected = (plain - state["_bn1.running_mean"]) * scale + state["_bn1.bias"]
    folded = values @ constants["_conv_head.weight"][:, :, 0, 0].T + constants["_conv_head.bias"]
    np.testing.assert_allclose(folded, expected, rtol=1e-5, atol=1e-5)


def test_another_network_is_refused(state: State) -> None:
    with pytest.raises(WeightsError, match=r"it has no tensor '_fc.bias'"):
        build({name: value for name, value in state.items() if name != "_fc.bias"})
    with pytest.raises(WeightsError, match=r"'_fc.bias' is float32\[10\]"):
        build({**state, "_fc.bias": np.zeros(10, np.float32)})
    with pytest.raises(WeightsError, match=r"'_fc.bias' is float64"):
        build({**state, "_fc.bias": np.zeros(1000, np.float64)})


def test_convert_reads_a_torch_file(write_torch: WriteTorch, state: State, tmp_path: Path) -> None:
    target = tmp_path / "result"
    target.mkdir()
    convert({"weights.pth": write_torch(state)}, target)
    assert [path.name for path in target.iterdir()] == ["model.onnx"]
    assert (target / "model.onnx").read_bytes() == build(state)


def test_convert_takes_one_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="takes one state dict, not 2 files"):
        convert({"a": tmp_path, "b": tmp_path}, tmp_path)
