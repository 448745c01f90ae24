"""The `Server-Timing` header: where a response's time went."""

from __future__ import annotations

import re

_ENTRY = re.compile(r"""\s*([^\s;,="]+)((?:\s*;\s*[^\s;,="]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]*))?)*)\s*(?:,|$)""")
_DURATION = re.compile(r""";\s*dur\s*=\s*"?(\d+(?:\.\d+)?)"?""", re.IGNORECASE)


def parse_server_timing(value: str | None) -> dict[str, float]:
    """Milliseconds by stage, in the header's order; entries without a duration are left out."""
    found = {}
    for name, parameters in _ENTRY.findall(value or ""):
        duration = _DURATION.search(parameters)
        if duration:
            found[name] = float(duration.group(1))
    return found
