from __future__ import annotations

import pytest
import torch

from ekiben.diffusion.noise import draw, resumed, seeded
from ekiben.errors import CheckpointRefused

_CPU = torch.device("cpu")


def _draw(generator: torch.Generator) -> torch.Tensor:
    return draw((1, 4, 3, 3), generator, device=_CPU, dtype=torch.float32)


def test_a_seed_always_draws_the_same() -> None:
    assert torch.equal(_draw(seeded(3)), _draw(seeded(3)))
    assert not torch.equal(_draw(seeded(3)), _draw(seeded(4)))


def test_zero_is_a_seed_and_the_largest_one_too() -> None:
    assert not torch.equal(_draw(seeded(0)), _draw(seeded(2**63 - 1)))


def test_a_resumed_generator_goes_on() -> None:
    generator = seeded(1)
    _draw(generator)
    again = resumed(generator.get_state())
    assert torch.equal(_draw(generator), _draw(again))


@pytest.mark.parametrize("state", [torch.empty(0), torch.zeros(5056), torch.zeros(5, dtype=torch.uint8)])
def test_what_is_no_state_is_refused(state: torch.Tensor) -> None:
    with pytest.raises(CheckpointRefused):
        resumed(state)
