"""Opening an ONNX Runtime session the way a card asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime as ort
import structlog

from ekiben.cards.card import Session
from ekiben.errors import DeviceOutOfMemory, WeightsError
from ekiben.inference.tensors import Tensor

_log = structlog.get_logger("ekiben.runtimes")

_PROVIDERS: Final = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
_LEVELS: Final = {
    "off": ort.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": ort.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": ort.GraphOptimizationLevel.ORT_ENABLE_ALL,
}
# ONNX Runtime has no exception class for it; these are the words of its CUDA and CPU allocators.
_OUT_OF_MEMORY: Final = ("out of memory", "Failed to allocate memory", "bad allocation")


def choose_providers(wanted: tuple[str, ...], available: list[str]) -> list[str]:
    """Keep the wanted providers that this build has, in order; the CPU is always last so that a session opens."""
    chosen = [_PROVIDERS[name] for name in wanted if _PROVIDERS[name] in available]
    return chosen if _PROVIDERS["cpu"] in chosen else [*chosen, _PROVIDERS["cpu"]]


class OnnxSession:
    """A loaded graph on one device.

    Args:
        path: The `.onnx` file.
        options: The card's session section.
        threads: CPU threads the planner granted; the card's own number wins when it is lower.

    Raises:
        WeightsError: The file is not a graph that this ONNX Runtime can load.
    """

    def __init__(self, path: Path, options: Session, threads: int) -> None:
        providers = choose_providers(options.providers, ort.get_available_providers())
        try:
            self._session = ort.InferenceSession(path, _session_options(options, threads), providers=providers)
        except Exception as error:  # ONNX Runtime's exception classes share no public base.
            raise WeightsError(f"{path.name}: ONNX Runtime cannot load it: {error}") from error
        self.provider: str = self._session.get_providers()[0]
        self.input_names = [node.name for node in self._session.get_inputs()]
        self._output_names = [node.name for node in self._session.get_outputs()]
        wanted = _PROVIDERS[options.providers[0]] if options.providers else self.provider
        _log.info("session opened", file=path.name, provider=self.provider, wanted=wanted, threads=threads)

    @property
    def device(self) -> str:
        """`cpu` or `cuda`."""
        return "cpu" if self.provider == _PROVIDERS["cpu"] else "cuda"

    def run(self, feed: dict[str, Tensor]) -> list[Tensor]:
        """Run the graph once.

        Raises:
            DeviceOutOfMemory: An allocation failed; a smaller batch may fit.
        """
        try:
            outputs: list[Any] = self._session.run(self._output_names, feed)
        except Exception as error:
            if any(words in str(error) for words in _OUT_OF_MEMORY):
                raise DeviceOutOfMemory(f"ONNX Runtime ran out of {self.device} memory") from error
            raise
        return [np.asarray(output) for output in outputs]


def _session_options(options: Session, threads: int) -> ort.SessionOptions:
    made = ort.SessionOptions()
    made.graph_optimization_level = _LEVELS[options.graph_optimization]
    made.intra_op_num_threads = min(threads, options.intra_op_threads or threads)
    made.inter_op_num_threads = 1
    # Spinning threads burn the cores that the gateway and the other models need between two batches.
    made.add_session_config_entry("session.intra_op.allow_spinning", "0")
    made.log_severity_level = 3
    return made
