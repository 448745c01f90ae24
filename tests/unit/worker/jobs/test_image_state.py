"""Several pictures of one job in one checkpoint."""

from __future__ import annotations

import pytest

from ekiben.errors import CheckpointRefused
from ekiben.inference.image_generation import Facts, FinishedImage
from ekiben.worker.jobs.image_state import Begun, ImageState

_FACTS = Facts(7, 32, 32, 10, 3.0, "ddim", "m", "1.0.0", 10, {"queue": 0.5}, 2.0)
_STATE = ImageState("m 1.0.0", {0: FinishedImage(0, b"file", _FACTS)}, {2: Begun(4, b"\n{state}\0")})


def test_it_is_read_as_it_was_written() -> None:
    found = ImageState.from_bytes(_STATE.to_bytes(), "m 1.0.0")
    assert found == _STATE
    assert found.step == 14


def test_an_empty_one_has_nothing_behind_it() -> None:
    empty = ImageState("m 1.0.0")
    assert ImageState.from_bytes(empty.to_bytes(), "m 1.0.0") == empty
    assert empty.step == 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense\n",
        _STATE.to_bytes()[:-1],
        _STATE.to_bytes().replace(b'"format":1', b'"format":2'),
        _STATE.to_bytes().replace(b'"index":0', b'"index":"x"'),
    ],
)
def test_what_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(CheckpointRefused):
        ImageState.from_bytes(data, "m 1.0.0")


def test_another_models_is_refused() -> None:
    with pytest.raises(CheckpointRefused, match="m 2"):
        ImageState.from_bytes(_STATE.to_bytes(), "m 2.0.0")
