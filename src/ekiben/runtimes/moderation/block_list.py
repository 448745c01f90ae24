"""Words and phrases that score at once, however they are written; whole words only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

from ekiben.runtimes.moderation.block_list_file import BlockListFile, Entry, EntryWord
from ekiben.runtimes.moderation.classifier import Prepared, Scores
from ekiben.runtimes.moderation.words import Token, Word, joined_tokens_of, tokens_of, word_of

MAX_GAP_WORDS: Final = 4
# Entries are looked up by so many of their first letters; a word that may go on has at least as many.
_KEY_LETTERS: Final = 2

Readings = tuple[Word, ...]


class BlockList:
    """See `Classifier`.

    Args:
        file: The entries.
    """

    def __init__(self, file: BlockListFile) -> None:
        self._allowed = file.allowed
        self._by_first: dict[str, list[Entry]] = defaultdict(list)
        self._spelt: dict[str, list[tuple[Word, str]]] = defaultdict(list)
        for entry in file.entries:
            self._by_first[entry.words[0].word.letters[:_KEY_LETTERS]].append(entry)
            joined = _joined(entry)
            if joined is not None:
                self._spelt[joined.letters].append((joined, entry.category))

    def prepare(self, content: str) -> Prepared:
        """Look the text's words up; nothing is left for the device."""
        return Prepared(dict.fromkeys(self.hits(content), 1.0))

    def infer(self, payloads: Sequence[Any]) -> Sequence[Scores]:
        """What `prepare` found."""
        return list(payloads)

    def hits(self, text: str) -> set[str]:
        """The categories of the entries that the text has."""
        return {category for tokens in (tokens_of(text), joined_tokens_of(text)) for category in self._found(tokens)}

    def _found(self, tokens: Sequence[Token]) -> Iterator[str]:
        words = [tuple(word for word in token.readings if word not in self._allowed) for token in tokens]
        for start, token in enumerate(tokens):
            yield from self._phrases_at(words, start)
            if token.spelt:
                yield from self._glued(token.readings)

    def _phrases_at(self, words: Sequence[Readings], start: int) -> Iterator[str]:
        for key in {word.letters[:_KEY_LETTERS] for word in words[start]}:
            for entry in self._by_first.get(key, ()):
                if _follows(words, start, entry.words):
                    yield entry.category

    def _glued(self, readings: Readings) -> Iterator[str]:
        """Phrases spelt as one word; in ordinary words none is looked for: `therapist` is one."""
        for word in readings:
            for entry, category in self._spelt.get(word.letters, ()):
                if _has_letters(word.counts, entry.counts):
                    yield category


def _follows(words: Sequence[Readings], at: int, wanted: tuple[EntryWord, ...]) -> bool:
    """Whether the wanted words stand from `at` on; before one with a gap others may stand."""
    if not wanted:
        return True
    reach = MAX_GAP_WORDS + 1 if wanted[0].after_gap else 1
    return any(
        any(_is(word, wanted[0]) for word in words[index]) and _follows(words, index + 1, wanted[1:])
        for index in range(at, min(at + reach, len(words)))
    )


def _is(word: Word, wanted: EntryWord) -> bool:
    if not wanted.open_end:
        return word.letters == wanted.word.letters and _has_letters(word.counts, wanted.word.counts)
    return word.letters.startswith(wanted.word.letters) and _has_letters(word.counts, wanted.word.counts)


def _has_letters(counts: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Each run at least as long; `counts` may have more runs behind."""
    return all(count >= least for count, least in zip(counts, wanted, strict=False))


def _joined(entry: Entry) -> Word | None:
    """The entry's words as one, for texts that are spelt letter by letter; none for those with gaps."""
    if any(each.after_gap for each in entry.words):
        return None
    return word_of("".join(letter * count for each in entry.words for letter, count in _runs(each.word)))


def _runs(word: Word) -> Iterator[tuple[str, int]]:
    return zip(word.letters, word.counts, strict=True)
