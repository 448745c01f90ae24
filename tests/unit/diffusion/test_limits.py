from __future__ import annotations

from typing import Any

import pytest

from ekiben.diffusion.limits import EngineLimits


@pytest.mark.parametrize("wrong", [{"max_cost": 0}, {"max_open": 0}, {"ageing_s": 0.0}, {"prompt_cache_bytes": -1}])
def test_bounds_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        EngineLimits(**{"max_cost": 1, "max_open": 1, **wrong})
