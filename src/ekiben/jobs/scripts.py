"""The Lua operations, rendered for one set of rules.

Each runs as a script by its digest. Scripts, not a library of functions: a server keeps one library of a name, whereas
during an upgrade old and new processes each have their own scripts there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha1
from importlib.resources import files
from typing import Final

from ekiben.jobs.rules import QueueRules
from ekiben.jobs.states import TRANSITIONS

OPERATIONS: Final = (
    "announce",
    "batch",
    "cancel",
    "checkpoint",
    "complete",
    "delivery_done",
    "delivery_lease",
    "delivery_log",
    "delivery_replay",
    "expire",
    "fail",
    "forget",
    "hand_back",
    "heartbeat",
    "lease",
    "list",
    "migrate",
    "present",
    "promote",
    "purge",
    "reap",
    "retention",
    "retry",
    "show",
    "stats",
    "submit",
    "verdict",
    "withdraw",
)
_LIBRARY: Final = ("1_names", "2_events", "3_lines", "4_moves", "5_creation")

Source = Callable[[str], str]


def read_source(name: str) -> str:
    """The text of one Lua file of this package."""
    return (files("ekiben.jobs") / "lua" / f"{name}.lua").read_text("utf-8")


@dataclass(frozen=True)
class Script:
    """One operation as the server knows it."""

    text: str

    @cached_property
    def digest(self) -> str:
        """What EVALSHA calls it; the server's choice of hash, and no secret."""
        return sha1(self.text.encode(), usedforsecurity=False).hexdigest()


def render(rules: QueueRules, source: Source = read_source) -> Mapping[str, Script]:
    """Every operation, by name, with the rules and the legal transitions as constants before it."""
    before = "\n".join([_constants(rules), *(source(f"lib/{name}") for name in _LIBRARY)])
    return {name: Script(f"{before}\n{source(name)}") for name in OPERATIONS}


def _constants(rules: QueueRules) -> str:
    legal = ", ".join(f"['{before} {after}'] = true" for before, after in sorted(TRANSITIONS))
    backoffs = ", ".join(
        f"{fault} = {{ base = {backoff.base_ms}, cap = {backoff.cap_ms} }}" for fault, backoff in rules.backoffs.items()
    )
    numbers = {
        "LEASE_MS": rules.lease_ms,
        "AGEING_MS": rules.ageing_ms,
        "MAX_WAITING": rules.max_waiting,
        "MAX_WAITING_EACH": rules.max_waiting_each,
        "MAX_CRASHES": rules.max_crashes,
        "IDEMPOTENCY_MS": rules.idempotency_ms,
        "RETENTION_MS": rules.retention_ms,
        "MAX_KEPT_EACH": rules.max_kept_each,
        "GONE_MS": rules.gone_ms,
    }
    lines = [f"local {name} = {number}" for name, number in numbers.items()]
    return "\n".join([*lines, f"local LEGAL = {{ {legal} }}", f"local BACKOFF = {{ {backoffs} }}"])
