"""The `Server-Timing` header: where a response's time went."""

from __future__ import annotations

import re

_DESCRIPTION = re.compile(r'"(?:[^"\\]|\\.)*"')
_DURATION = re.compile(r"\s*dur\s*=\s*(\d{1,15}(?:\.\d{1,15})?)\s*", re.IGNORECASE)


def parse_server_timing(value: str | None) -> dict[str, float]:
    """Milliseconds by stage, in the header's order; entries without a duration are left out."""
    found = {}
    # Quoted descriptions may hold commas and semicolons; nothing is read from them, so they go first.
    for entry in _DESCRIPTION.sub("", value or "").split(","):
        name, *parameters = entry.split(";")
        duration = next(filter(None, map(_DURATION.fullmatch, parameters)), None)
        if name.strip() and duration:
            found[name.strip()] = float(duration.group(1))
    return found
