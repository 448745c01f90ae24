"""What a converted bag-of-terms classifier is: the file beside its graph that says how text becomes terms.

The graph does the arithmetic. For every block it takes three inputs, flat over all rows of a batch:

    <block>_terms        int64 [total]    columns of the terms that occur, in any order
    <block>_frequencies  float64 [total]  how often each does, damped if the block says so
    <block>_ends         int64 [rows]     where each row's terms end; it begins where the one before ends

and gives `probabilities` float32 [rows, classes].
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

TERMS, FREQUENCIES, ENDS = "terms", "frequencies", "ends"
PROBABILITIES = "probabilities"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TermBlock(_Frozen):
    """One kind of terms; `terms` are in the order of the graph's columns.

    Attributes:
        analyzer: `words`: runs of two or more word characters, joined by a space; `characters`: pieces of
            white-space separated words, each with a space before and behind it.
        shortest: The fewest words or characters of a term.
        longest: The most.
        sublinear: Whether a term that occurs n times counts 1 + ln n instead of n.
    """

    analyzer: Literal["words", "characters"]
    shortest: Annotated[int, Field(ge=1)]
    longest: Annotated[int, Field(ge=1)]
    sublinear: bool
    terms: tuple[str, ...]


class TermClassifierFile(_Frozen):
    """See the module.

    Attributes:
        classes: What each probability is of.
        benign: The class that means no harm, where there is one.
        threshold: From what probability of harm on the model itself calls a text harmful.
        window_threshold: The same for a part of a text.
    """

    classes: tuple[str, ...]
    benign: str | None = None
    threshold: float = 0.5
    window_threshold: float = 0.5
    blocks: tuple[TermBlock, ...]
