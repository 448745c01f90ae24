"""What is recorded and when; recordings here compute anew, as a graph would from the same memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from ekiben.diffusion.cuda_graphs import CudaRecorder, RecordedForward, Recording


class _Recorder:
    def __init__(self) -> None:
        self.recorded: list[list[torch.Size]] = []

    def __call__(self, forward: Callable[[], Any], inputs: Sequence[Tensor]) -> Recording:
        self.recorded.append([tensor.shape for tensor in inputs])
        (output,) = forward()

        def replay() -> None:
            (fresh,) = forward()
            output.copy_(fresh)

        return Recording(inputs, (output,), replay)


def _forward(sample: Tensor, timestep: Tensor, *, told: dict[str, Tensor], return_dict: bool) -> tuple[Tensor]:
    assert not return_dict
    return (sample * timestep[:, None] + told["size"],)


def _asked(rows: int, value: float) -> tuple[tuple[Tensor, Tensor], dict[str, Any]]:
    told = {"told": {"size": torch.full((rows, 1), value)}, "return_dict": False}
    return (torch.full((rows, 3), value), torch.arange(rows, dtype=torch.float32)), told


@pytest.fixture
def recorder() -> _Recorder:
    return _Recorder()


def test_every_shape_is_recorded_once(recorder: _Recorder) -> None:
    forward = RecordedForward(_forward, recorder)
    for rows in (2, 4, 2, 4, 2):
        args, kwargs = _asked(rows, float(rows))
        forward(*args, **kwargs)
    assert [shapes[0] for shapes in recorder.recorded] == [(2, 3), (4, 3)]


def test_a_replay_computes_with_the_new_inputs(recorder: _Recorder) -> None:
    forward = RecordedForward(_forward, recorder)
    for value in (1.0, 5.0, -2.0):
        args, kwargs = _asked(2, value)
        assert torch.equal(forward(*args, **kwargs)[0], _forward(*args, **kwargs)[0])


def test_results_are_the_callers_own(recorder: _Recorder) -> None:
    forward = RecordedForward(_forward, recorder)
    args, kwargs = _asked(2, 1.0)
    first = forward(*args, **kwargs)[0]
    kept = first.clone()
    args, kwargs = _asked(2, 9.0)
    forward(*args, **kwargs)
    assert torch.equal(first, kept)


def test_the_ones_used_longest_ago_are_dropped(recorder: _Recorder) -> None:
    forward = RecordedForward(_forward, recorder, max_recordings=2)
    for rows in (1, 2, 1, 3, 1, 2):
        args, kwargs = _asked(rows, 1.0)
        forward(*args, **kwargs)
    assert [shapes[0][0] for shapes in recorder.recorded] == [1, 2, 3, 2]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs need a GPU")
def test_on_a_gpu() -> None:
    forward = RecordedForward(_forward, CudaRecorder())
    for value in (1.0, 5.0):
        args, kwargs = _asked(2, value)
        on_device = tuple(tensor.cuda() for tensor in args)
        kwargs["told"] = {"size": kwargs["told"]["size"].cuda()}
        found = forward(*on_device, **kwargs)[0].cpu()
        assert torch.equal(found, args[0] * args[1][:, None] + value)
