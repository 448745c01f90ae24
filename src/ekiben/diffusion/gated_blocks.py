"""Blocks of a denoiser that compute some rows of a batch alone; `step_cache` says which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from torch import Tensor, nn


class Gate(Protocol):
    """The part of a step cache that blocks see.

    Attributes:
        chosen: Rows that are computed.
        count: Of all rows.
        is_whole: Whether all of them are.
    """

    chosen: list[int]

    @property
    def count(self) -> int:
        """See above."""

    @property
    def is_whole(self) -> bool:
        """See above."""

    def decide(self, markers: Tensor, base: Tensor | None) -> None:
        """Choose, by what the first block did."""

    def completed(self, computed: Tensor | None) -> Tensor:
        """All rows, from the chosen ones and from memory."""


class _Around(nn.Module):
    """A block in place of another, which it passes for."""

    def __init__(self, block: nn.Module, gate: Gate) -> None:
        super().__init__()
        self.block = block
        self.gate = gate

    def __getattr__(self, name: str) -> Any:
        """What the denoiser asks of its blocks: how many layers, whether they look at the text."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("block"), name)


class FirstBlock(_Around):
    """Computed for every row; what it does decides about the others.

    Transformers' blocks add to their input: the change is looked at, and the deep blocks' sum of changes is reused. A
    UNet's levels have shapes of their own: features are looked at, and reused, as they are.
    """

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """As the block's."""
        result = self.block(*args, **kwargs)
        hidden = _hidden(self.block, result)
        if _gives_text_first(self.block):
            self.gate.decide(hidden - kwargs["hidden_states"], hidden)
        else:
            self.gate.decide(hidden, None)
        return result


class DeepBlock(_Around):
    """Computed for the chosen rows.

    Args:
        block: The original.
        gate: Which rows.
        is_last: Whether what follows is computed for every row again.
    """

    def __init__(self, block: nn.Module, gate: Gate, *, is_last: bool = False) -> None:
        super().__init__(block, gate)
        self._is_last = is_last

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """As the block's, for fewer rows."""
        if not self.gate.chosen:
            result = self._unchanged(args, kwargs)
        elif self.gate.is_whole:
            result = self.block(*args, **kwargs)
        else:
            chosen = _Chosen(self.gate.chosen, self.gate.count)
            result = self.block(*map(chosen.of, args), **{name: chosen.of(value) for name, value in kwargs.items()})
        if not self._is_last:
            return result
        whole = self.gate.completed(_hidden(self.block, result) if self.gate.chosen else None)
        return (result[0], whole) if isinstance(result, tuple) else whole

    def _unchanged(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Something of the form that the denoiser expects and hands on; nobody computes with it."""
        hidden = kwargs["hidden_states"] if "hidden_states" in kwargs else args[0]
        if _is_down(self.block):
            layers = len(self.block.resnets) + (self.block.downsamplers is not None)  # type: ignore[arg-type]
            return hidden, (hidden,) * layers
        text = kwargs.get("encoder_hidden_states")
        return (text, hidden) if _gives_text_first(self.block) else hidden


class _Chosen:
    """Picks rows out of whatever still has all of them; what has been picked already, or has no rows, stays."""

    def __init__(self, rows: list[int], count: int) -> None:
        self._rows = rows
        self._count = count

    def of(self, value: Any) -> Any:
        """One argument of a block; a tuple is one of pictures only where its tensors are of four dimensions."""
        if isinstance(value, Tensor) and value.ndim > 0 and len(value) == self._count:
            return value[self._rows]
        if isinstance(value, tuple) and all(isinstance(one, Tensor) and one.ndim == 4 for one in value):
            return tuple(self.of(one) for one in value)
        return value


def _is_down(block: nn.Module) -> bool:
    return hasattr(block, "downsamplers")


def _gives_text_first(block: nn.Module) -> bool:
    """Blocks of transformers take and give text and picture; those of UNets have layers of convolutions."""
    return not hasattr(block, "resnets")


def _hidden(block: nn.Module, result: Any) -> Tensor:
    """The picture in what a block gave."""
    hidden: Tensor = result[1 if _gives_text_first(block) else 0] if isinstance(result, tuple) else result
    return hidden
