"""What a request brings, or an answer holds, that a moderation policy can judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ekiben.errors import InvalidRequest
from ekiben.inference.tensors import Tensor, Tensors


@dataclass(frozen=True, slots=True)
class Piece:
    """A text (str) or an encoded picture (bytes); `param` names the request's field, None in an answer."""

    content: str | bytes
    param: str | None = None


Content: TypeAlias = tuple[Piece, ...]
# Asked for only where a policy judges it: reading it out of a body or a reply costs.
LazyContent: TypeAlias = Callable[[], Content]


def nothing() -> Content:
    """No content."""
    return ()


def parts_tensor(pieces: Iterable[Piece]) -> Tensor:
    """BYTES [n, 2]: kind and content, as moderation models take them."""
    rows = [(_kind(piece), _bytes(piece)) for piece in pieces]
    tensor = np.empty((len(rows), 2), dtype=np.object_)
    for index, row in enumerate(rows):
        tensor[index] = row
    return tensor


def tensor_content(inputs: Tensors) -> Content:
    """The texts and encoded pictures of an Open Inference request: its BYTES tensors `text` and `image`.

    Raises:
        InvalidRequest: Another tensor, which nobody can judge.
    """
    pieces: list[Piece] = []
    for name, tensor in inputs.items():
        if tensor.dtype != np.object_ or name not in ("text", "image"):
            raise InvalidRequest(
                f"the moderation policy cannot judge the tensor {name!r}; send BYTES `text` or `image`.", param="inputs"
            )
        for index, value in enumerate(tensor.ravel()):
            content = bytes(value).decode("utf-8", "replace") if name == "text" else bytes(value)
            pieces.append(Piece(content, f"{name}[{index}]"))
    return tuple(pieces)


def _kind(piece: Piece) -> bytes:
    return b"text" if isinstance(piece.content, str) else b"image"


def _bytes(piece: Piece) -> bytes:
    return piece.content.encode("utf-8", "replace") if isinstance(piece.content, str) else piece.content
