"""Builds the ONNX graph of EfficientNet-Lite0 from its state dict.

    stem 3×3 /2 ─► 16 inverted residual blocks ─► head 1×1 ─► mean ─► linear ─► softmax

Lite differs from EfficientNet in ReLU6 for swish and in having no squeeze-and-excitation. Batch normalisation
is folded into the convolution before it, in double precision: fewer nodes, and the same bytes on every
machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ekiben.conversion.graph import GraphBuilder
from ekiben.conversion.torch_legacy import read_state_dict
from ekiben.errors import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

IMAGE_SIZE: Final = 224
CLASSES: Final = 1_000
# TensorFlow's EfficientNet was trained with this, not with torch's 1e-5.
BATCH_NORM_EPSILON: Final = 1e-3

State = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Stage:
    """Blocks of one resolution; only the first of them has the stride and changes the channels."""

    repeats: int
    kernel: int
    stride: int
    expand: int
    channels_in: int
    channels_out: int


STAGES: Final = (
    Stage(1, 3, 1, 1, 32, 16),
    Stage(2, 3, 2, 6, 16, 24),
    Stage(2, 5, 2, 6, 24, 40),
    Stage(3, 3, 2, 6, 40, 80),
    Stage(3, 5, 1, 6, 80, 112),
    Stage(4, 5, 2, 6, 112, 192),
    Stage(1, 3, 1, 6, 192, 320),
)


def convert(inputs: Mapping[str, Path], target: Path) -> None:
    """Write `model.onnx` into `target` from the one state dict in `inputs`.

    The graph takes `image` float32 [batch, 3, 224, 224], already normalised, and gives `probabilities`
    [batch, 1000].

    Raises:
        WeightsError: The state dict is damaged or is not that of EfficientNet-Lite0.
    """
    if len(inputs) != 1:
        raise WeightsError(f"the recipe efficientnet-lite takes one state dict, not {len(inputs)} files")
    state = read_state_dict(next(iter(inputs.values())))
    (target / "model.onnx").write_bytes(build(state))


def build(state: State) -> bytes:
    """Return the model file.

    Raises:
        WeightsError: A tensor is missing or has another shape.
    """
    network = _Network(state)
    result = network.convolve("image", "_conv_stem", "_bn0", 3, 32, kernel=3, stride=2)
    result = network.relu6(result)
    for index, block in enumerate(_blocks()):
        result = network.block(result, f"_blocks.{index}", block)
    result = network.relu6(network.convolve(result, "_conv_head", "_bn1", 320, 1280, kernel=1))
    network.classify(result)
    image = ("batch", 3, IMAGE_SIZE, IMAGE_SIZE)
    return network.graph.serialize({"image": image}, {"probabilities": ("batch", CLASSES)})


def _blocks() -> Iterator[Stage]:
    for stage in STAGES:
        yield stage
        again = Stage(1, stage.kernel, 1, stage.expand, stage.channels_out, stage.channels_out)
        yield from [again] * (stage.repeats - 1)


class _Network:
    """Layers of the network, written into a graph."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.graph = GraphBuilder("efficientnet-lite0")
        self.size = IMAGE_SIZE

    def block(self, entry: str, name: str, block: Stage) -> str:
        """Widen, filter each channel, narrow; added to its entry where the shapes allow it."""
        wide = block.channels_in * block.expand
        result = entry
        if block.expand != 1:
            result = self.convolve(result, f"{name}._expand_conv", f"{name}._bn0", block.channels_in, wide, kernel=1)
            result = self.relu6(result)
        depthwise = f"{name}._depthwise_conv"
        result = self.convolve(
            result, depthwise, f"{name}._bn1", 1, wide, kernel=block.kernel, stride=block.stride, groups=wide
        )
        result = self.relu6(result)
        result = self.convolve(result, f"{name}._project_conv", f"{name}._bn2", wide, block.channels_out, kernel=1)
        if block.stride == 1 and block.channels_in == block.channels_out:
            result = self.graph.node("Add", [result, entry], f"{name}.add")
        return result

    def convolve(
        self,
        entry: str,
        name: str,
        norm: str,
        channels_in: int,
        channels_out: int,
        *,
        kernel: int,
        stride: int = 1,
        groups: int = 1,
    ) -> str:
        """Add a convolution with TensorFlow's SAME padding and the batch normalisation behind it."""
        weight = self._tensor(f"{name}.weight", (channels_out, channels_in, kernel, kernel))
        weight, bias = self._fold(weight, norm, channels_out)
        before, after = self._padding(kernel, stride)
        return self.graph.node(
            "Conv",
            [entry, self.graph.constant(f"{name}.weight", weight), self.graph.constant(f"{name}.bias", bias)],
            name,
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            group=groups,
            pads=[before, before, after, after],
        )

    def relu6(self, entry: str) -> str:
        """Cut to 0..6."""
        least = self.graph.constant("zero", np.array(0, np.float32))
        most = self.graph.constant("six", np.array(6, np.float32))
        return self.graph.node("Clip", [entry, least, most], f"{entry}.relu6")

    def classify(self, entry: str) -> str:
        """Mean over the picture, the linear layer, probabilities."""
        weight = self.graph.constant("_fc.weight", self._tensor("_fc.weight", (CLASSES, 1280)).astype(np.float32))
        bias = self.graph.constant("_fc.bias", self._tensor("_fc.bias", (CLASSES,)).astype(np.float32))
        pooled = self.graph.node("GlobalAveragePool", [entry], "pooled")
        features = self.graph.node("Flatten", [pooled], "features", axis=1)
        logits = self.graph.node("Gemm", [features, weight, bias], "logits", transB=1)
        return self.graph.node("Softmax", [logits], "probabilities", axis=1)

    def _padding(self, kernel: int, stride: int) -> tuple[int, int]:
        """Pad like SAME: the result has size / stride, rounded up; an odd pixel goes behind."""
        result = -(-self.size // stride)
        total = max((result - 1) * stride + kernel - self.size, 0)
        self.size = result
        return total // 2, total - total // 2

    def _fold(self, weight: NDArray[Any], norm: str, channels: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        scale, shift, mean, variance = (
            self._tensor(f"{norm}.{part}", (channels,)).astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        factor = scale / np.sqrt(variance + BATCH_NORM_EPSILON)
        folded = weight.astype(np.float64) * factor[:, None, None, None]
        return folded.astype(np.float32), (shift - mean * factor).astype(np.float32)

    def _tensor(self, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
        tensor = self.state.get(name)
        if tensor is None:
            raise WeightsError(f"this is not EfficientNet-Lite0: it has no tensor {name!r}")
        if tensor.shape != shape or tensor.dtype != np.float32:
            raise WeightsError(f"this is not EfficientNet-Lite0: {name!r} is {tensor.dtype}{list(tensor.shape)}")
        return tensor
