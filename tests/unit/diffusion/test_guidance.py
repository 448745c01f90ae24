from __future__ import annotations

import torch

from ekiben.diffusion.guidance import guided


def test_one_row_is_the_prediction() -> None:
    assert torch.equal(guided(torch.ones(1, 2), 9.0), torch.ones(1, 2))


def test_two_rows_go_from_without_to_with_the_prompt_and_beyond() -> None:
    assert torch.equal(guided(torch.tensor([[1.0], [2.0]]), 3.0), torch.tensor([[4.0]]))
