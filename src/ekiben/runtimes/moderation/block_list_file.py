"""The block list's file: sections of entries, a category each.

# a comment
[harassment]             the category of what follows
kill yourself            words in this order, with any signs between them
idiot*                   a word that begins so
(kill|murder) you        one of several words
blow up ... school       up to four words between
[allow]                  words that are never part of a hit, such as names
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final

from ekiben.errors import CardError
from ekiben.runtimes.moderation.folding import fold
from ekiben.runtimes.moderation.words import Word, word_of

ALLOW: Final = "allow"
GAP: Final = "..."
MAX_EXPANSIONS: Final = 1_000

_SECTION: Final = re.compile(r"\[([a-z/-]+)\]")
_PART: Final = re.compile(r"\([^()]+\)|[^\s()]+")
_PLAIN: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*\*?")


@dataclass(frozen=True, slots=True)
class EntryWord:
    """A word of an entry; `open_end` where it may go on, `after_gap` where others may stand before it."""

    word: Word
    open_end: bool = False
    after_gap: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """Words that make a hit of a category when they follow each other."""

    category: str
    words: tuple[EntryWord, ...]


@dataclass(frozen=True, slots=True)
class BlockListFile:
    """A file's entries, and the words that are never part of a hit."""

    entries: tuple[Entry, ...]
    allowed: frozenset[Word]


def read_block_list(path: Path, categories: tuple[str, ...]) -> BlockListFile:
    """Read and check the file.

    Args:
        path: UTF-8 text.
        categories: What its sections may be.

    Raises:
        CardError: With file, line and reason.
    """
    entries: list[Entry] = []
    allowed: set[Word] = set()
    section: str | None = None
    for number, line in _lines(path):
        if header := _SECTION.fullmatch(line):
            section = header[1]
            if section not in (*categories, ALLOW):
                raise CardError(f"{path}:{number}: the card's block list has no category {section!r}")
        elif section is None:
            raise CardError(f"{path}:{number}: an entry stands before the first [category]")
        elif section == ALLOW:
            allowed.add(word_of(fold(line)))
        else:
            entries += _entries(section, line, f"{path}:{number}")
    return BlockListFile(tuple(entries), frozenset(allowed))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CardError(f"{path}:1: cannot be read: {error}") from None
    for number, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0].strip()
        if content:
            yield number, content


def _entries(category: str, line: str, where: str) -> list[Entry]:
    """Every way to choose one of each group's words."""
    if _PART.sub("", line).strip():
        raise CardError(f"{where}: {line!r}: a bracket is not closed")
    choices = [part.strip("()").split("|") for part in _PART.findall(line)]
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > MAX_EXPANSIONS:
        raise CardError(f"{where}: stands for {count} phrases; {MAX_EXPANSIONS} is the limit")
    return [_entry(category, chosen, where) for chosen in product(*choices)]


def _entry(category: str, parts: tuple[str, ...], where: str) -> Entry:
    words: list[EntryWord] = []
    after_gap = False
    for part in " ".join(parts).split():
        if part == GAP:
            if not words or after_gap:
                raise CardError(f"{where}: '...' stands between words")
            after_gap = True
            continue
        if not _PLAIN.fullmatch(part):
            raise CardError(f"{where}: {part!r} is not a word; write letters and digits, and * at its end")
        words += _words(part, after_gap)
        after_gap = False
    if not words or after_gap:
        raise CardError(f"{where}: an entry begins and ends with a word")
    return Entry(category, tuple(words))


def _words(part: str, after_gap: bool) -> list[EntryWord]:
    """The text's words end at every sign, so an entry's do: `don't` is two."""
    pieces = [fold(piece) for piece in re.split(r"['’-]", part.rstrip("*"))]
    last = len(pieces) - 1
    return [
        EntryWord(word_of(piece), part.endswith("*") and index == last, after_gap and index == 0)
        for index, piece in enumerate(pieces)
    ]
