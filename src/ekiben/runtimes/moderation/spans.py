"""What of a text is judged beside the whole of it, so that an attack cannot hide in a long or an encoded one.

Equal to SecureVector Guardian's own, with which the model's thresholds were set, but for what escapes it: there a
document is read for its first 300 windows only, here to its end; there base64 is read from its first digit on, and only
if it is UTF-8 to its last byte.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

WINDOW_WORDS: Final = 24
WINDOW_STRIDE: Final = 12
MAX_REVERSED_CHARACTERS: Final = 400
MAX_DECODED: Final = 20
MAX_DECODED_BYTES: Final = 4_096
MAX_DEPTH: Final = 3

_NO_TEXT: Final = "\ufffd"
# Less than this, and a long word that happens to be made of base64's digits would be read as a code.
_LEAST_SHARE: Final = 0.7

_BOUNDARY: Final = re.compile(r"(?<=[.!?])\s+|[\n\r]+|<!--|-->")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_HEXADECIMAL: Final = re.compile(r"(?:[0-9a-fA-F]{2}){8,}")
_PERCENT: Final = re.compile(r"%[0-9A-Fa-f]{2}")


def spans_of(text: str) -> list[str]:
    """Windows of a long text or a short one backwards, and whatever is encoded in it; each once."""
    if len(text.split()) > WINDOW_WORDS or "\n" in text:
        found = [*windows(text), *decoded(text)]
    else:
        found = decoded(text)
        if len(text) <= MAX_REVERSED_CHARACTERS:
            found.append(text[::-1])
    return list(dict.fromkeys(found))


def windows(text: str) -> Iterator[str]:
    """Sentences and lines; longer ones in overlapping windows of words."""
    for sentence in _BOUNDARY.split(text):
        words = sentence.split()
        if not words:
            continue
        if len(words) <= WINDOW_WORDS:
            yield sentence.strip()
            continue
        for start in range(0, len(words), WINDOW_STRIDE):
            yield " ".join(words[start : start + WINDOW_WORDS])
            if start + WINDOW_WORDS >= len(words):
                break


def decoded(text: str) -> list[str]:
    """Readable text behind percent signs, base64 and hexadecimal digits, also one in another; at most 20 pieces."""
    found: list[str] = []
    unquoted = unquote(text) if _PERCENT.search(text) else text
    if unquoted != text and _is_readable(unquoted):
        found.append(unquoted)
        _decode_into(found, unquoted, 0)
    _decode_into(found, text, 0)
    return found


def _decode_into(found: list[str], text: str, depth: int) -> None:
    if depth >= MAX_DEPTH:
        return
    for pattern, decode in ((_BASE64, _from_base64), (_HEXADECIMAL, _from_hexadecimal)):
        for match in pattern.finditer(text):
            if len(found) >= MAX_DECODED:
                return
            piece = decode(match[0])
            if piece is not None:
                found.append(piece)
                _decode_into(found, piece, depth + 1)


def _from_base64(blob: str) -> str | None:
    """Read from whichever of the first four digits makes it readable: others may stand glued before it."""
    digits = blob.rstrip("=")
    readings = (_readable(_bytes_of(digits[start:])) for start in range(4))
    return next((text for text in readings if text is not None), None)


def _bytes_of(digits: str) -> bytes:
    whole = digits[: -1 if len(digits) % 4 == 1 else None]  # One digit alone is not yet a byte.
    return base64.b64decode(whole + "=" * (-len(whole) % 4))


def _from_hexadecimal(blob: str) -> str | None:
    return _readable(bytes.fromhex(blob))


def _readable(content: bytes) -> str | None:
    """The beginning as text, or what of it lies between bytes that are none, if that is most of it.

    Such bytes come of a character that the bound cuts through, and of what is glued before the code.
    """
    text = content[:MAX_DECODED_BYTES].decode("utf-8", "replace")
    longest = max(text.split(_NO_TEXT), key=len)
    return longest if len(longest) >= _LEAST_SHARE * len(text) and _is_readable(longest) else None


def _is_readable(text: str) -> bool:
    printable = sum(character.isprintable() or character.isspace() for character in text)
    return len(text) >= 6 and printable / len(text) > 0.85 and any(character.isalpha() for character in text)
