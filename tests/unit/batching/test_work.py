from __future__ import annotations

import pytest

from ekiben.batching.work import Work


def test_a_length_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="length"):
        Work("x", length=0)


def test_a_shape_key_must_be_hashable() -> None:
    with pytest.raises(TypeError):
        Work("x", shape_key=[1, 2])  # type: ignore[arg-type]
