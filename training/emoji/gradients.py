"""Gradients of a batch by several threads, each with a part of it on one core.

Two threads that compute parts of the same operation wait for each other after each of them; on a machine that others
use as well, most of the time is spent waiting. Here each thread computes all operations for a part of the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor


class PartialGradients:
    """Sums of gradients over parts of a batch, in the order of the parts: the result does not depend on timing.

    Args:
        loss: The sum of the losses of the rows of a part, divided by the number of rows of the batch.
        parameters: What to differentiate by.
        threads: How many parts at once.
    """

    def __init__(self, loss: Callable[[Sequence[Tensor]], Tensor], parameters: Sequence[Tensor], threads: int) -> None:
        self._loss = loss
        self._parameters = parameters
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))

    def __call__(self, batch: Sequence[Tensor]) -> float:
        """Set the parameters' gradients from a batch of tensors [n, …]; returns the loss."""
        parts = list(zip(*(tensor.chunk(self._threads) for tensor in batch), strict=True))
        results = list(self._pool.map(self._part, parts)) if len(parts) > 1 else [self._part(parts[0])]
        for index, parameter in enumerate(self._parameters):
            gradient = results[0][1][index]
            for _, gradients in results[1:]:
                gradient += gradients[index]
            parameter.grad = gradient
        return sum(loss for loss, _ in results)

    def _part(self, part: Sequence[Tensor]) -> tuple[float, list[Tensor]]:
        loss = self._loss(part)
        gradients = torch.autograd.grad(loss, list(self._parameters))
        return float(loss.detach()), list(gradients)
