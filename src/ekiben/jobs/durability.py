"""Whether a Valkey server keeps what it has confirmed, by its own word or its operator's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

OLDEST_SERVER: Final = (7, 2)
"""The first with WAITAOF."""

_OR_SAY_SO: Final = "or say with EKIBEN_VALKEY_DURABLE=true that it loses nothing"


@dataclass(frozen=True, slots=True)
class Durability:
    """What was found at a server.

    Attributes:
        waits: Whether each submission asks the server to confirm that it is on disk (WAITAOF).
        refusal: Why no job is accepted; empty: they are.
    """

    waits: bool
    refusal: str = ""


def judge(info: Mapping[str, Any], appendfsync: str | None, *, declared: bool) -> Durability:
    """Judge by the server's INFO and its policy.

    WAITAOF alone proves nothing: under `everysec`, Valkey (9.1 too) and some versions of Redis answer it before the
    disk has been asked, and a power loss takes a second of jobs with it. Under `always` everything that is answered
    has been forced to the disk, and WAITAOF confirms it after each submission, should the policy have changed since.

    Args:
        info: INFO, as a mapping.
        appendfsync: When it forces its append-only file to the disk; None where it does not say.
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
            + _OR_SAY_SO,
        )
    if appendfsync != "always":
        found = "does not say when it writes to its disk" if appendfsync is None else f"has `appendfsync {appendfsync}`"
        return Durability(False, f"the Valkey server {found}: set `appendfsync always` there, {_OR_SAY_SO}")
    return Durability(True)


def server_version(info: Mapping[str, Any]) -> tuple[int, ...]:
    """The version as numbers; Redis' where the server says none of Valkey's."""
    stated = str(info.get("valkey_version") or info.get("redis_version") or "0")
    return tuple(int(part) for part in re.findall(r"\d+", stated)[:3])
