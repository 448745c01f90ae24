from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from training.emoji.gradients import PartialGradients


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_parts_add_up_to_the_gradient_of_the_whole(threads: int) -> None:
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(5, 3, generator=generator, requires_grad=True)
    rows = torch.randn(6, 5, generator=generator)

    def loss(part: Sequence[Tensor]) -> Tensor:
        return (part[0] @ weights).square().sum() / len(rows)

    (expected,) = torch.autograd.grad(loss([rows]), [weights])
    found = PartialGradients(loss, [weights], threads)([rows])
    assert weights.grad is not None
    torch.testing.assert_close(weights.grad, expected)
    assert found == pytest.approx(float(loss([rows])))
