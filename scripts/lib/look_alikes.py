"""Writes the table of letters that look like Latin ones; called by `scripts/look-alikes`."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

WRITTEN: Final = Path("src/ekiben/runtimes/moderation/unicode_look_alikes.py")
HEAD: Final = '''"""Letters of any script that Unicode's table of confusable characters (UTS #39) takes for a Latin one.

Made by `scripts/look-alikes`; do not edit. Unicode data files: copyright Unicode, Inc., Unicode License v3.
"""

from __future__ import annotations

from typing import Final

'''

# What looks like a character: entries with the other character in `c`.
Confusables = Mapping[str, Sequence[Mapping[str, str]]]


def look_alikes(confusables: Confusables) -> dict[str, str]:
    """From a letter without case to the Latin letter or digit it looks like, also by way of a third character."""
    found: dict[str, str] = {}
    # Small letters first: what a capital looks like is only asked where nothing is said of the small one.
    for character in sorted(confusables, key=lambda each: (each != each.casefold(), each)):
        letter = character.casefold()
        left = len(character) == 1 and _can_be_left_after_folding(letter)
        if left and (seen := _plain_of(confusables, character)):
            found.setdefault(letter, seen)
    return found


def _can_be_left_after_folding(letter: str) -> bool:
    is_letter = len(letter) == 1 and not letter.isascii() and unicodedata.category(letter).startswith("L")
    return is_letter and unicodedata.normalize("NFKC", letter) == letter and _plain(letter) is None


def _plain_of(confusables: Confusables, character: str) -> str | None:
    near = [each["c"] for each in confusables[character]]
    if "l" in near:
        return "1"  # To Unicode `I`, `l` and `1` look the same; a 1 is read as either letter.
    further = [each["c"] for other in near if len(other) == 1 for each in confusables.get(other, ())]
    return next((seen for each in (*near, *further) if (seen := _plain(each))), None)


def _plain(text: str) -> str | None:
    """The one Latin letter or digit that a text is, its marks and case taken away."""
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(each for each in decomposed if unicodedata.category(each) not in ("Mn", "Me")).casefold()
    return bare if len(bare) == 1 and bare.isascii() and bare.isalnum() else None


def main() -> None:
    """Write the module."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for letter, seen in look_alikes(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))).items():
        groups[seen].append(letter)
    lines = [f'    {seen!r}: "{"".join(sorted(groups[seen]))}",' for seen in sorted(groups)]
    table = "\n".join(["# From what they look like to the letters themselves.", "UNICODE: Final = {", *lines, "}"])
    WRITTEN.write_text(f"{HEAD}{table}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
