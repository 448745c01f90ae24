"""Bags of terms: how a text becomes counts, and the graph that judges them.

The terms are those of scikit-learn's vectorizers with their default patterns, on the lower-cased text.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import ValidationError

from ekiben.cards.card import Session
from ekiben.errors import WeightsError
from ekiben.inference.tensors import Tensor
from ekiben.inference.term_classifier import ENDS, FREQUENCIES, TERMS, TermBlock, TermClassifierFile
from ekiben.runtimes.onnx_session import OnnxSession

_WORD: Final = re.compile(r"\b\w\w+\b")


@dataclass(frozen=True, slots=True)
class Counts:
    """The known terms of one text: columns int64 [n] and frequencies float64 [n]."""

    columns: Tensor
    frequencies: Tensor


# One text's counts, a block each.
Bag = tuple[Counts, ...]


class TermModel:
    """A converted bag-of-terms classifier.

    Args:
        files: Folder with `<name>.onnx` and `<name>.json`.
        name: Of the two files.
        session: The card's ONNX Runtime options.
        threads: CPU threads for the session.

    Raises:
        WeightsError: A file is missing or not what it should be.
    """

    def __init__(self, files: Path, name: str, session: Session, threads: int) -> None:
        self.described = _read(files / f"{name}.json")
        self._counters = [_Counter(block) for block in self.described.blocks]
        self._session = OnnxSession(files / f"{name}.onnx", session, threads)
        self.device = self._session.device

    def count(self, text: str) -> Bag:
        """The text's known terms."""
        return tuple(counter.count(text) for counter in self._counters)

    def probabilities(self, bags: Sequence[Bag]) -> Tensor:
        """float32 [len(bags), classes]."""
        feed: dict[str, Tensor] = {}
        for index, block in enumerate(self.described.blocks):
            counts = [bag[index] for bag in bags]
            feed[f"{block.analyzer}_{TERMS}"] = np.concatenate([each.columns for each in counts])
            feed[f"{block.analyzer}_{FREQUENCIES}"] = np.concatenate([each.frequencies for each in counts])
            feed[f"{block.analyzer}_{ENDS}"] = np.cumsum([len(each.columns) for each in counts], dtype=np.int64)
        return self._session.run(feed)[0]


class _Counter:
    """Counts one block's terms."""

    def __init__(self, block: TermBlock) -> None:
        self._block = block
        self._columns = {term: column for column, term in enumerate(block.terms)}

    def count(self, text: str) -> Counts:
        terms = words_of(text, self._block) if self._block.analyzer == "words" else characters_of(text, self._block)
        counted = Counter(column for term in terms if (column := self._columns.get(term)) is not None)
        frequencies: Iterable[float] = counted.values()
        if self._block.sublinear:
            frequencies = (1.0 + math.log(count) for count in frequencies)
        size = len(counted)
        return Counts(np.fromiter(counted, np.int64, size), np.fromiter(frequencies, np.float64, size))


def words_of(text: str, block: TermBlock) -> Iterator[str]:
    """Runs of `shortest` to `longest` words of two or more characters, joined by a space."""
    words = _WORD.findall(text.lower())
    for length in range(block.shortest, block.longest + 1):
        for start in range(len(words) - length + 1):
            yield " ".join(words[start : start + length])


def characters_of(text: str, block: TermBlock) -> Iterator[str]:
    """Pieces of `shortest` to `longest` characters inside each white-space separated word and the space around it."""
    for word in text.lower().split():
        padded = f" {word} "
        for length in range(block.shortest, block.longest + 1):
            for start in range(max(1, len(padded) - length + 1)):
                yield padded[start : start + length]
            if length >= len(padded):  # a short word counts once, whole
                break


def _read(path: Path) -> TermClassifierFile:
    try:
        return TermClassifierFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise WeightsError(f"{path.name}: {error.strerror}") from None
    except ValidationError:
        raise WeightsError(f"{path.name}: is not the description of a bag-of-terms classifier") from None
