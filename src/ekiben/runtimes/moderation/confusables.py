"""Letters of other scripts that look like Latin ones, and digits and signs that are read as letters."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from ekiben.runtimes.moderation.unicode_look_alikes import UNICODE

_CYRILLIC: Final = {
    "а": "a", "в": "b", "г": "r", "е": "e", "з": "3", "і": "i", "ј": "j", "к": "k", "м": "m", "н": "h", "о": "o",
    "р": "p", "с": "c", "ѕ": "s", "т": "t", "у": "y", "х": "x", "ч": "4", "ь": "b", "ԁ": "d", "һ": "h", "ԛ": "q",
    "ԝ": "w", "ӏ": "l", "ԍ": "g", "ѵ": "v",
}  # fmt: skip
_GREEK: Final = {
    "α": "a", "β": "b", "γ": "y", "ε": "e", "ζ": "z", "η": "n", "ι": "i", "κ": "k", "μ": "m", "ν": "v", "ο": "o",
    "ρ": "p", "σ": "o", "τ": "t", "υ": "u", "χ": "x", "ω": "w", "ϳ": "j",
}  # fmt: skip
# Latin letters that compatibility decomposition leaves as they are.
_LATIN: Final = {
    "ı": "i", "ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ɑ": "a", "ɡ": "g", "ɩ": "i", "ɪ": "i", "ɴ": "n",
    "ʀ": "r", "ʏ": "y", "ᴀ": "a", "ʙ": "b", "ᴄ": "c", "ᴅ": "d", "ᴇ": "e", "ɢ": "g", "ʜ": "h", "ᴊ": "j", "ᴋ": "k",
    "ʟ": "l", "ᴍ": "m", "ᴏ": "o", "ᴘ": "p", "ᴛ": "t", "ᴜ": "u", "ᴠ": "v", "ᴡ": "w", "ᴢ": "z", "ꜱ": "s", "ƒ": "f",
    "ĸ": "k", "ɨ": "i",
}  # fmt: skip
_UNICODE: Final = {letter: seen for seen, letters in UNICODE.items() for letter in letters}
# Alphabets in circles and squares without a decomposition; flags are written with the last.
_ENCLOSED: Final = {
    chr(first + index): letter
    for first in (0x1F150, 0x1F170, 0x1F1E6)
    for index, letter in enumerate("abcdefghijklmnopqrstuvwxyz")
}
# By hand goes last: those who disguise words use a letter for what it resembles, not for what Unicode would.
LOOK_ALIKE: Final = MappingProxyType({**_ENCLOSED, **_UNICODE, **_CYRILLIC, **_GREEK, **_LATIN})

# Several letters where people use a sign for more than one.
LEET: Final = MappingProxyType(
    {
        "0": "o",
        "1": "il",
        "3": "e",
        "4": "a",
        "5": "s",
        "6": "b",
        "7": "t",
        "8": "b",
        "9": "g",
        "@": "a",
        "$": "s",
        "!": "i",
    }
)
