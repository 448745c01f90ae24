"""Bugs to plant, so that it is known that the checker finds them: each breaks one promise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ekiben.jobs import QueueRules, Store
from ekiben.jobs.scripts import read_source
from ekiben.settings import Settings

NO_FENCING: Final = "no fencing"
LOST_HEARTBEAT: Final = "lost heartbeat"
EARLY_ACKNOWLEDGEMENT: Final = "acknowledged before it is written"
"""In the door, not in the Lua files."""

_BUGS: Final[Mapping[str, tuple[str, str, str]]] = {
    NO_FENCING: ("lib/4_moves", "job.fence == tonumber(fence)", "true"),
    LOST_HEARTBEAT: ("heartbeat", "redis.call('ZADD', name('leases'), now + LEASE_MS, job.id)", ""),
}


def with_bug(bug: str) -> Callable[[Settings, QueueRules | None], Store]:
    """How a process with this bug opens its queue; in place of `ekiben.jobs.open_store`.

    Raises:
        ValueError: The text that the bug replaces is not there any more: plant it anew.
    """
    file, right, wrong = _BUGS[bug]
    if right not in read_source(file):
        raise ValueError(f"{file} has changed")

    def source(name: str) -> str:
        return read_source(name).replace(right, wrong) if name == file else read_source(name)

    def opened(settings: Settings, rules: QueueRules | None = None) -> Store:
        assert settings.valkey_url is not None
        rules = rules or QueueRules(lease_ms=round(settings.job_lease_s * 1_000))
        return Store(settings.valkey_url.get_secret_value(), rules=rules, source=source)

    return opened  # type: ignore[return-value]
