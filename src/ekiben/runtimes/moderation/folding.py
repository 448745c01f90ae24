"""One spelling for whatever looks the same: compatibility forms, case, accents, look-alikes, invisible characters."""

from __future__ import annotations

import unicodedata
from typing import Final

from ekiben.runtimes.moderation.confusables import LOOK_ALIKE

_TABLE: Final = str.maketrans(dict(LOOK_ALIKE))
# Marks on letters, and what is there and not seen: zero-width characters, joiners, direction marks, soft hyphens.
_DROPPED: Final = frozenset({"Mn", "Me", "Cf"})
_WHITE_SPACE: Final = frozenset("\t\n\v\f\r\x85")
# Control characters, and letters and places without one that Unicode has shown as nothing (Default_Ignorable).
_UNSEEN: Final = dict.fromkeys(
    [code for code in range(0xA0) if unicodedata.category(chr(code)) == "Cc" and chr(code) not in _WHITE_SPACE]
    + [0x115F, 0x1160, 0x3164, 0xFFA0, 0x2065, *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000)]
)


def fold(text: str) -> str:
    """The text with every letter as the plain Latin small letter it looks like, where there is one.

    Lists of words are folded in the same way, so that a word in any script is found in its own spelling too.
    """
    text = text.translate(_UNSEEN)
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    seen = "".join(character for character in decomposed if unicodedata.category(character) not in _DROPPED)
    # Again after the case is gone: what is left of a capital may be a look-alike itself.
    return unicodedata.normalize("NFKC", seen.casefold()).translate(_TABLE)
