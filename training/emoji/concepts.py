"""What the model is taught to draw: the list in concepts.txt, joined with emojibase's tags and the pictures' files."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).with_name("concepts.txt")
_COMMON_WEIGHT = 4.0
_VARIATION_SELECTOR = "-fe0f"


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing that can be drawn.

    Attributes:
        label: emojibase's, unique.
        category: The section of the list that it stands in.
        names: What people call it; the first is used in lists.
        tags: Further words that stand for this concept and no other.
        weight: How often it is drawn from, relative to the others.
        code: Its code points in lower-case hexadecimal, joined by `-`, without variation selectors.
    """

    label: str
    category: str
    names: tuple[str, ...]
    tags: tuple[str, ...]
    weight: float
    code: str

    @property
    def common(self) -> bool:
        """Whether it is one of the common nouns."""
        return self.weight > 1


def read_concepts(emojibase: Path, listed: Path = LIST) -> list[Concept]:
    """Join the list with emojibase.

    Args:
        emojibase: Its `data.json` in English.
        listed: The list; concepts.txt describes its form.

    Raises:
        KeyError: A label is none of emojibase's.
    """
    entries = {entry["label"]: entry for entry in json.loads(emojibase.read_text(encoding="utf-8"))}
    rows = list(_rows(listed.read_text(encoding="utf-8")))
    names = {name for _, _, own, _ in rows for name in own}
    tags = {label: _words(entries[label].get("tags", [])) for _, label, _, _ in rows}
    seen = Counter(tag for own in tags.values() for tag in own)
    return [
        Concept(
            label=label,
            category=category,
            names=own,
            tags=tuple(tag for tag in tags[label] if seen[tag] == 1 and tag not in names),
            weight=_COMMON_WEIGHT if common else 1.0,
            code=plain_code(entries[label]["hexcode"]),
        )
        for category, label, own, common in rows
    ]


def plain_code(code: str) -> str:
    """A code as `Concept.code` has it."""
    return code.lower().replace(_VARIATION_SELECTOR, "")


def _rows(text: str) -> list[tuple[str, str, tuple[str, ...], bool]]:
    category, rows = "", []
    for line in text.splitlines():
        if match := re.fullmatch(r"\[(\w+)\]", line):
            category = match[1]
        elif line and not line.startswith("#"):
            label, _, names = line.removeprefix("*").partition(" = ")
            rows.append((category, label, tuple(names.split(", ")) if names else (label,), line.startswith("*")))
    return rows


def _words(tags: list[str]) -> list[str]:
    return [tag.lower() for tag in tags if re.fullmatch(r"[A-Za-z][A-Za-z -]{2,}", tag)]
