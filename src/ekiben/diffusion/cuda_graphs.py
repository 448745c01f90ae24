"""A denoiser's forward, recorded once for each shape of its inputs and replayed from then on.

Batches are small in number of shapes (rows and sizes) and large in number of kernels: replaying launches them all with
one call. Recordings share one pool of memory; those used longest ago are dropped.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

_WARM_UP_RUNS: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One recorded forward.

    Attributes:
        inputs: Where it reads from.
        outputs: Where it writes to, in the forward's own form.
        replay: Computes the outputs from the inputs.
    """

    inputs: Sequence[Tensor]
    outputs: Any
    replay: Callable[[], None]


Record = Callable[[Callable[[], Any], Sequence[Tensor]], Recording]
"""From a forward that takes no arguments, and the tensors it reads, to its recording."""


class RecordedForward:
    """A forward with the arguments of the original.

    Args:
        forward: The original.
        record: Makes recordings; CUDA graphs unless told otherwise.
        max_recordings: Most to keep.
    """

    def __init__(self, forward: Callable[..., Any], record: Record | None = None, *, max_recordings: int = 32) -> None:
        self._forward = forward
        self._record = record or CudaRecorder()
        self._max_recordings = max_recordings
        self._recordings: OrderedDict[Hashable, Recording] = OrderedDict()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Replay the recording of these shapes, made first where there is none; the result is the caller's own."""
        leaves, form = pytree.tree_flatten((args, kwargs))
        tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
        key = (str(form), *((leaf.shape, leaf.dtype) if isinstance(leaf, Tensor) else leaf for leaf in leaves))
        recording = self._recordings.get(key) or self._recorded(key, leaves, form)
        self._recordings.move_to_end(key)
        for place, tensor in zip(recording.inputs, tensors, strict=True):
            place.copy_(tensor)
        recording.replay()
        return pytree.tree_map_only(Tensor, torch.clone, recording.outputs)

    def _recorded(self, key: Hashable, leaves: list[Any], form: Any) -> Recording:
        if len(self._recordings) >= self._max_recordings:
            self._recordings.popitem(last=False)
        places = [leaf.clone() if isinstance(leaf, Tensor) else leaf for leaf in leaves]
        args, kwargs = pytree.tree_unflatten(places, form)
        inputs = [place for place in places if isinstance(place, Tensor)]
        recording = self._recordings[key] = self._record(lambda: self._forward(*args, **kwargs), inputs)
        return recording


class CudaRecorder:
    """Records CUDA graphs into one pool of memory."""

    def __init__(self) -> None:
        self._pool: Any = None

    def __call__(self, forward: Callable[[], Any], inputs: Sequence[Tensor]) -> Recording:
        """See `Record`."""
        if self._pool is None:
            self._pool = torch.cuda.graph_pool_handle()
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UP_RUNS):
                forward()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        # Requests are checked on other threads meanwhile; what they do on the GPU is not to be recorded, nor to fail.
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            outputs = forward()
        return Recording(inputs, outputs, graph.replay)
