"""What calls return: small frozen classes, with where the answer came from and where its time went."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ekiben.client.errors import MissingPackageError

if TYPE_CHECKING:
    from array import array
    from collections.abc import Mapping, Sequence

    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Result:
    """What every result carries.

    Attributes:
        model: The served name of the model that answered.
        request_id: Finds the request in the server's log.
        timing: Milliseconds by stage, from the `Server-Timing` header; empty where the server sent none.
    """

    model: str
    request_id: str
    timing: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens counted by the model's own tokenizer."""

    prompt_tokens: int
    total_tokens: int


@dataclass(frozen=True, slots=True)
class Embedding:
    """The vector of the text at `index`; float32 values."""

    index: int
    values: array[float] = field(repr=False)

    @property
    def embedding(self) -> list[float]:
        """The vector as a list, as OpenAI's client gives it."""
        return self.values.tolist()


@dataclass(frozen=True, slots=True)
class Embeddings(Result):
    """A vector per text, in the order of the texts."""

    data: Sequence[Embedding]
    usage: Usage

    def to_numpy(self) -> npt.NDArray[np.float32]:
        """All vectors as one float32 array of shape (texts, dimensions).

        Raises:
            MissingPackageError: NumPy is not installed.
        """
        try:
            import numpy as np
        except ImportError:
            raise MissingPackageError("to_numpy needs NumPy: pip install numpy") from None
        # A bytearray, so that the caller may change the array.
        joined = bytearray().join(each.values for each in self.data)
        dimensions = len(self.data[0].values) if self.data else 0
        return np.frombuffer(joined, dtype=np.float32).reshape(len(self.data), dimensions)


@dataclass(frozen=True, slots=True)
class Label:
    """One label, its probability (0 to 1) and its class index in the model."""

    label: str
    score: float
    index: int


@dataclass(frozen=True, slots=True)
class Classification(Result):
    """The most likely labels of a picture, the likeliest first; `created` is in Unix seconds."""

    data: Sequence[Label]
    created: int


@dataclass(frozen=True, slots=True)
class Moderation:
    """What a text, or a message of several parts, is flagged for.

    Attributes:
        categories: Whether each category is flagged.
        category_scores: Each category's score, 0 to 1.
        category_applied_input_types: For which kinds of the input, `text` and `image`, a category was looked for.
    """

    flagged: bool
    categories: Mapping[str, bool]
    category_scores: Mapping[str, float]
    category_applied_input_types: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Moderations(Result):
    """A verdict per text, in the order of the texts; one where pictures were among them."""

    id: str
    results: Sequence[Moderation]
