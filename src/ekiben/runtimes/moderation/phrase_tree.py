"""Phrases that share their beginnings, so that a word of a text is compared once however many phrases begin with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from ekiben.runtimes.moderation.block_list_file import Entry
from ekiben.runtimes.moderation.words import Word

MAX_GAP_WORDS: Final = 4

# One place of a text: a word in all its readings.
Readings = tuple[Word, ...]


@dataclass(slots=True)
class _Branch:
    """A word that may come next, and what comes after it."""

    word: Word
    node: PhraseTree


@dataclass(slots=True)
class PhraseTree:
    """What may follow a beginning.

    Attributes:
        ends: The categories of the phrases that end here.
        whole: Next words, by their letters.
        open_ended: Next words that may go on, by their first letter.
        after_gap: What may follow with other words before it.
    """

    ends: set[str] = field(default_factory=set)
    whole: dict[str, list[_Branch]] = field(default_factory=lambda: defaultdict(list))
    open_ended: dict[str, list[_Branch]] = field(default_factory=lambda: defaultdict(list))
    after_gap: PhraseTree | None = None

    def add(self, entry: Entry) -> None:
        """Grow by one phrase."""
        node = self
        for each in entry.words:
            if each.after_gap:
                node.after_gap = node.after_gap or PhraseTree()
                node = node.after_gap
            branches = node.open_ended[each.word.letters[0]] if each.open_end else node.whole[each.word.letters]
            node = _branch_to(each.word, branches)
        node.ends.add(entry.category)

    def found(self, text: Sequence[Readings], at: int) -> Iterator[str]:
        """The categories of the phrases that begin at that place of the text."""
        yield from self.ends
        yield from self._next(text, at)
        if self.after_gap is not None:
            for place in range(at, min(at + MAX_GAP_WORDS + 1, len(text))):
                yield from self.after_gap._next(text, place)  # noqa: SLF001 - of the same class

    def _next(self, text: Sequence[Readings], at: int) -> Iterator[str]:
        for word in text[at] if at < len(text) else ():
            for branch in (*self.whole.get(word.letters, ()), *self.open_ended.get(word.letters[:1], ())):
                if is_beginning(branch.word, word):
                    yield from branch.node.found(text, at + 1)


def is_beginning(wanted: Word, word: Word) -> bool:
    """Whether the word has the wanted letters first, each at least as often."""
    return word.letters.startswith(wanted.letters) and all(
        count >= least for count, least in zip(word.counts, wanted.counts, strict=False)
    )


def _branch_to(word: Word, branches: list[_Branch]) -> PhraseTree:
    for branch in branches:
        if branch.word == word:
            return branch.node
    branches.append(_Branch(word, PhraseTree()))
    return branches[-1].node
