"""Reuse of what a denoiser computed in an earlier step of the same picture, decided for each row of a batch alone.

The first block is always computed. Where its output has hardly changed since the rest was last computed, the rest is
taken from then (First-Block Cache, for UNets DeepCache). Caches of diffusers and others decide for a whole batch and
hold one batch's tensors; here rows are of different pictures at different steps, which join and leave. So every row
brings its memory along, and the deep blocks compute only those rows that need it:

    first block ─► decide ─► deep blocks, with the chosen rows ─► all rows again: computed, or from memory

A picture comes out the same in any company. One that is continued elsewhere computes its first step anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn

from ekiben.diffusion.gated_blocks import DeepBlock, FirstBlock
from ekiben.errors import ConfigurationError

_TINY: Final = 1e-8


@dataclass(slots=True, eq=False)
class RowMemory:
    """What one row of one picture remembers.

    Attributes:
        marker: What the first block did when the rest was last computed, without a batch dimension.
        reuse: What the rest did then.
        computed: How often the rest was computed.
    """

    marker: Tensor | None = None
    reuse: Tensor | None = None
    computed: int = 0


class StepCache:
    """The decision for the forward under way.

    Args:
        threshold: Relative change of the first block's output from which on the rest is computed.
        warm_up_steps: Times that it is computed in any case, at the beginning of a picture.
    """

    def __init__(self, threshold: float, warm_up_steps: int) -> None:
        self._threshold = threshold
        self._warm_up_steps = warm_up_steps
        self._rows: Sequence[RowMemory] = ()
        self._markers = torch.empty(0)
        self._base: Tensor | None = None
        self.chosen: list[int] = []

    def begin(self, rows: Sequence[RowMemory]) -> None:
        """Say whose rows the next forward is of, in their order."""
        self._rows = rows

    @property
    def count(self) -> int:
        """Rows of the forward under way."""
        return len(self._rows)

    @property
    def is_whole(self) -> bool:
        """Whether every row is computed."""
        return len(self.chosen) == len(self._rows)

    def decide(self, markers: Tensor, base: Tensor | None) -> None:
        """Choose the rows that are computed.

        Args:
            markers: What the first block did, [n, …].
            base: What the deep blocks add to, [n, …]; None where what they give is used as it is.
        """
        self._markers, self._base = markers, base
        known = [i for i, row in enumerate(self._rows) if row.marker is not None and row.reuse is not None]
        ready = [i for i in known if self._rows[i].computed >= self._warm_up_steps]
        skipped = set()
        if ready:
            before = torch.stack([row.marker for i in ready if (row := self._rows[i]).marker is not None])
            change = _mean(markers[ready] - before) / (_mean(before) + _TINY)
            skipped = {i for i, is_small in zip(ready, (change < self._threshold).tolist(), strict=True) if is_small}
        self.chosen = [i for i in range(len(self._rows)) if i not in skipped]

    def completed(self, computed: Tensor | None) -> Tensor:
        """All rows again.

        Args:
            computed: What the deep blocks gave for the chosen rows, [chosen, …]; None where none was chosen.

        Returns:
            [n, …]
        """
        if computed is not None:
            for place, i in enumerate(self.chosen):
                self._remember(i, computed[place])
            if self.is_whole:
                return computed
        at = {i: place for place, i in enumerate(self.chosen)}
        return torch.stack(
            [self._recalled(i) if computed is None or i not in at else computed[at[i]] for i in range(len(self._rows))]
        )

    def _remember(self, i: int, computed: Tensor) -> None:
        row = self._rows[i]
        row.marker = self._markers[i].clone()
        row.reuse = computed.clone() if self._base is None else computed - self._base[i]
        row.computed += 1

    def _recalled(self, i: int) -> Tensor:
        reuse = self._rows[i].reuse
        assert reuse is not None  # noqa: S101  # `decide` skips only rows that remember
        return reuse if self._base is None else self._base[i] + reuse


def install_step_cache(denoiser: Any, cache: StepCache) -> None:
    """Gate a denoiser's blocks.

    Raises:
        ConfigurationError: It has too few blocks, or none of the known form.
    """
    gated = _gate_unet if hasattr(denoiser, "up_blocks") else _gate_transformer
    gated(denoiser, cache)


def _gate_unet(denoiser: Any, cache: StepCache) -> None:
    down, up = denoiser.down_blocks, denoiser.up_blocks
    if len(down) < 2 or len(down) != len(up):
        raise ConfigurationError("levers.step_cache: this UNet has too few levels to skip any")
    down[0] = FirstBlock(down[0], cache)
    for i in range(1, len(down)):
        down[i] = DeepBlock(down[i], cache)
    denoiser.mid_block = DeepBlock(denoiser.mid_block, cache)
    for i in range(len(up) - 1):
        up[i] = DeepBlock(up[i], cache, is_last=i == len(up) - 2)


def _gate_transformer(denoiser: Any, cache: StepCache) -> None:
    stacks: list[nn.ModuleList] = [
        stack
        for name in ("transformer_blocks", "single_transformer_blocks")
        if (stack := getattr(denoiser, name, None))
    ]
    places = [(stack, i) for stack in stacks for i in range(len(stack))]
    if len(places) < 2:
        raise ConfigurationError("levers.step_cache: this transformer has too few blocks to skip any")
    for number, (stack, i) in enumerate(places):
        block = stack[i]
        is_last = number == len(places) - 1
        stack[i] = DeepBlock(block, cache, is_last=is_last) if number else FirstBlock(block, cache)


def _mean(tensor: Tensor) -> Tensor:
    """The mean size of each row's numbers, [n]."""
    return tensor.float().abs().flatten(1).mean(dim=1)
