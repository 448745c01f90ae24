"""Making a log entry safe: no secrets, no users' content, no control characters, no endless values.

Every value becomes plain JSON data on the way, so that a renderer can neither fail on it nor call into it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

REDACTED = "[redacted]"

_SECRET_NAME = re.compile(
    r"(?:.*_)?(?:authorization|api_?key|secret(?:_key)?|private_key|token|password|passwd|cookie|credentials?)"
    r"|key"
)
_CONTENT_NAME = re.compile(
    r"(?:negative_)?prompts?|inputs?|texts?|contents?|messages?|images?|data|body|instances|query|documents?"
    r"|outputs?"
)
# Our keys, other services' keys, and whatever follows an authentication scheme or a telling name.
_SECRET_TEXT = re.compile(
    r"ek_[a-z2-7]{8}_[A-Za-z0-9_-]*"
    r"|\bek_[A-Za-z0-9_-]+"
    r"|\bsk-[A-Za-z0-9_-]{16,}"
    r"|(?P<telling>\b(?:Bearer|Basic)\s+"
    r"|\b(?:api[_-]?key|authorization|password|secret|access[_-]?token)[\"']?\s*[:=]\s*[\"']?"
    r"|\b(?:key|token|signature)=)(?:(?:Bearer|Basic)\s+)?[^\s\"',;&]+",
    re.IGNORECASE,
)
# C1 controls drive terminals as C0 ones do; separators and direction marks forge lines; surrogates are not
# UTF-8.
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# Most values, route names and hexadecimal ids, can hold neither: this is several times faster than looking for both.
_HARMLESS = re.compile(r"(?!.*sk-)[A-Za-z0-9./-]*", re.IGNORECASE)
_MAX_DEPTH = 6
_MAX_ENTRIES = 50
_MAX_NAME_CHARACTERS = 100
_MAX_INT_BITS = 63


@dataclass(frozen=True, slots=True)
class Redaction:
    """How entries are cleaned.

    Attributes:
        log_content: Show what users sent. Secrets stay hidden all the same.
        max_characters: Longer text is cut.
    """

    log_content: bool = False
    max_characters: int = 2_000

    def clean(self, value: object, depth: int = 0) -> object:
        """Return `value` as JSON data that is safe to write."""
        if type(value) is str:
            return self.text(value)
        if value is None or type(value) in (bool, float):
            return value
        if isinstance(value, float):
            return float(value)
        if isinstance(value, int):
            bits = value.bit_length()
            return int(value) if bits <= _MAX_INT_BITS else f"<integer of {bits} bits>"
        if isinstance(value, bytes | bytearray | memoryview):
            return f"<{len(value)} bytes>"
        if isinstance(value, Mapping):
            return self.mapping(value, depth + 1) if depth < _MAX_DEPTH else "…"
        if isinstance(value, list | tuple | set | frozenset):
            return self._items(list(value), depth + 1) if depth < _MAX_DEPTH else "…"
        return self.text(value if isinstance(value, str) else _described(value))

    def mapping(self, entries: Mapping[object, object], depth: int = 1) -> dict[str, object]:
        """Clean names and values; what a telling name stands for is not shown."""
        cleaned: dict[str, object] = {}
        for raw_name, value in list(entries.items())[:_MAX_ENTRIES]:
            name = _described(raw_name)[:_MAX_NAME_CHARACTERS]
            cleaned[_clean_name(name)] = self._named(name, value, depth)
        if len(entries) > _MAX_ENTRIES:
            cleaned["…"] = f"{len(entries) - _MAX_ENTRIES} more"
        return cleaned

    def text(self, value: str) -> str:
        """Cut, scrub and escape; newlines and tabs stay, for the renderer to escape."""
        left = len(value) - self.max_characters
        kept = scrub(value[: self.max_characters])
        return kept if left <= 0 else f"{kept}… ({left} more characters)"

    def _named(self, name: str, value: object, depth: int) -> object:
        if value is None or isinstance(value, bool):
            return value
        is_secret, is_content = _kind(name)
        if is_secret:
            return REDACTED
        # A number under such a name is a count.
        if not self.log_content and is_content and not isinstance(value, int | float):
            return f"[redacted, {len(value)} characters]" if isinstance(value, str) else REDACTED
        return self.clean(value, depth)

    def _items(self, values: list[object], depth: int) -> list[object]:
        cleaned = [self.clean(value, depth) for value in values[:_MAX_ENTRIES]]
        left = len(values) - _MAX_ENTRIES
        return [*cleaned, f"… {left} more"] if left > 0 else cleaned


# The names of fields are few and come with every entry; their values are not kept.
@lru_cache(maxsize=1_024)
def _kind(name: str) -> tuple[bool, bool]:
    """Whether a name tells of a secret, and of a user's content."""
    known = name.lower().replace("-", "_")
    return bool(_SECRET_NAME.fullmatch(known)), bool(_CONTENT_NAME.fullmatch(known))


@lru_cache(maxsize=1_024)
def _clean_name(name: str) -> str:
    return scrub(name)


def scrub(value: str) -> str:
    """Hide what looks like a secret and escape what a terminal or a log reader would act upon."""
    if _HARMLESS.fullmatch(value):
        return value
    hidden = _SECRET_TEXT.sub(lambda found: (found["telling"] or "") + REDACTED, value)
    return _UNSAFE.sub(lambda found: ascii(found[0])[1:-1], hidden)


def _described(value: object) -> str:
    """Ask an unknown object for its text; a broken one must not cost the entry."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - any code may run in __str__
        return f"<{type(value).__name__}>"
