"""Which servers are given jobs."""

from __future__ import annotations

from typing import Any

import pytest

from ekiben.jobs.durability import judge, server_version

_GOOD: dict[str, Any] = {"role": "master", "aof_enabled": 1, "maxmemory": 0}


def test_a_server_that_forces_everything_to_its_disk_is_asked_to_confirm_it() -> None:
    found = judge(_GOOD, "always", declared=False)
    assert (found.waits, found.refusal) == (True, "")


@pytest.mark.parametrize(
    ("changes", "appendfsync", "reason"),
    [
        ({"role": "slave"}, "always", "replica"),
        ({"maxmemory": 1, "maxmemory_policy": "allkeys-lru"}, "always", "drops data"),
        ({"aof_enabled": 0}, "always", "append-only file"),
        ({}, "everysec", "appendfsync everysec"),
        ({}, "no", "appendfsync no"),
        ({}, None, "does not say"),
    ],
)
def test_one_that_may_lose_what_it_confirmed_gets_none(
    changes: dict[str, Any], appendfsync: str | None, reason: str
) -> None:
    assert reason in judge({**_GOOD, **changes}, appendfsync, declared=False).refusal


def test_its_operators_word_counts_but_not_for_a_replica() -> None:
    assert judge({**_GOOD, "aof_enabled": 0}, None, declared=True).refusal == ""
    assert judge({**_GOOD, "role": "slave"}, None, declared=True).refusal


def test_versions_are_numbers() -> None:
    assert server_version({"valkey_version": "9.1.2", "redis_version": "7.2.4"}) == (9, 1, 2)
    assert server_version({"redis_version": "7.2.4"}) == (7, 2, 4)
