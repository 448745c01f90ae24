"""Whether a Valkey server keeps what it has confirmed, by its own word or its operator's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

OLDEST_SERVER: Final = (7, 2)
"""The first with WAITAOF."""


@dataclass(frozen=True, slots=True)
class Durability:
    """What was found at connecting.

    Attributes:
        waits: Whether each submission asks the server to confirm that it is on disk (WAITAOF).
        refusal: Why no job is accepted; empty: they are.
    """

    waits: bool
    refusal: str = ""


def judge(info: Mapping[str, Any], *, declared: bool) -> Durability:
    """Judge by the server's INFO.

    `appendfsync` itself is not asked for: it can change at any time, and managed servers do not show it. WAITAOF after
    each submission is the proof; with `appendfsync always` it finds everything on disk already.

    Args:
        info: INFO, as a mapping.
        declared: The operator's word that the server loses nothing; append-only file or not.
    """
    if info.get("role") not in (None, "master"):
        return Durability(False, "the Valkey server is a replica; jobs are kept by its primary")
    if int(info.get("maxmemory", 0)) and info.get("maxmemory_policy") != "noeviction":
        return Durability(
            False, f"the Valkey server drops data when its memory is full (maxmemory-policy {info['maxmemory_policy']})"
        )
    if declared:
        return Durability(False)
    if not int(info.get("aof_enabled", 0)):
        return Durability(
            False,
            "the Valkey server writes no append-only file: set `appendonly yes` and `appendfsync always` there, "
            "or say with EKIBEN_VALKEY_DURABLE=true that it loses nothing",
        )
    return Durability(True)


def server_version(info: Mapping[str, Any]) -> tuple[int, ...]:
    """The version as numbers; Redis' where the server says none of Valkey's."""
    stated = str(info.get("valkey_version") or info.get("redis_version") or "0")
    return tuple(int(part) for part in re.findall(r"\d+", stated)[:3])
