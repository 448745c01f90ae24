"""Words and phrases that score at once, however they are written; whole words only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from ekiben.runtimes.moderation.block_list_file import BlockListFile, Entry
from ekiben.runtimes.moderation.classifier import Prepared, Scores
from ekiben.runtimes.moderation.phrase_tree import PhraseTree, Readings, is_beginning
from ekiben.runtimes.moderation.words import Token, Word, joined_tokens_of, tokens_of, word_of


class BlockList:
    """See `Classifier`.

    Args:
        file: The entries.
    """

    def __init__(self, file: BlockListFile) -> None:
        self._allowed = file.allowed
        self._phrases = PhraseTree()
        self._glued: dict[str, list[tuple[Word, str]]] = defaultdict(list)
        for entry in file.entries:
            self._phrases.add(entry)
            if (glued := _glued(entry)) is not None:
                self._glued[glued.letters].append((glued, entry.category))

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
        for place, token in enumerate(tokens):
            yield from self._phrases.found(words, place)
            if token.spelt:
                yield from self._found_glued(token.readings)

    def _found_glued(self, readings: Readings) -> Iterator[str]:
        """Phrases spelt as one word; in ordinary words none is looked for: `therapist` is one."""
        for word in readings:
            for phrase, category in self._glued.get(word.letters, ()):
                if is_beginning(phrase, word):
                    yield category


def _glued(entry: Entry) -> Word | None:
    """The entry's words as one; none for those with gaps."""
    if any(each.after_gap for each in entry.words):
        return None
    runs = (run for each in entry.words for run in zip(each.word.letters, each.word.counts, strict=True))
    return word_of("".join(letter * count for letter, count in runs))
