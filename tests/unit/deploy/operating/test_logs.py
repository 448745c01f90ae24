from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ekiben.deploy.operating.logs import Query, follow, lines
from ekiben.deploy.spot.world import World
from ekiben.errors import OperatorError


@pytest.fixture
def written(world: World) -> Iterator[World]:
    logs, path = world.clients.logs, world.deployment.path
    for role in ("control", "pictures"):
        logs.create_log_group(logGroupName=f"{path}/{role}")
        logs.create_log_stream(logGroupName=f"{path}/{role}", logStreamName=f"i-{role}")
    put(world, "control", "started", ago_s=60)
    put(world, "pictures", "drawn \x1b[31mred\x1b[0m", ago_s=30)
    put(world, "control", "answered", ago_s=10)
    yield world
    for role in ("control", "pictures"):
        logs.delete_log_group(logGroupName=f"{path}/{role}")


def put(world: World, role: str, text: str, ago_s: float = 0.0) -> None:
    world.clients.logs.put_log_events(
        logGroupName=f"{world.deployment.path}/{role}",
        logStreamName=f"i-{role}",
        logEvents=[{"timestamp": int((time.time() - ago_s) * 1000), "message": text}],
    )


def since(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


def test_all_in_order_of_time_and_without_control_characters(written: World) -> None:
    found = lines(written, Query((), since(300)))
    assert [(line.role, line.stream) for line in found] == [
        ("control", "i-control"),
        ("pictures", "i-pictures"),
        ("control", "i-control"),
    ]
    assert "\x1b" not in found[1].text
    assert "red" in found[1].text


def test_of_one_role_since_a_moment_and_by_pattern(written: World) -> None:
    assert [line.text for line in lines(written, Query(("control",), since(20)))] == ["answered"]
    assert [line.text for line in lines(written, Query((), since(300), pattern="started"))] == ["started"]


def test_one_instance_is_cloudwatchs_to_find(written: World) -> None:
    asked: list[str] = []  # moto does not look at it

    def note(params: dict[str, Any], **_: Any) -> None:
        asked.append(params["logStreamNamePrefix"])

    written.clients.logs.meta.events.register("before-parameter-build.cloudwatch-logs.FilterLogEvents", note)
    lines(written, Query(("control",), since(300), instance="i-123"))
    assert asked == ["i-123"]


def test_a_role_that_is_not_there(world: World) -> None:
    with pytest.raises(OperatorError, match="nothing is called cats; there are control, pictures"):
        lines(world, Query(("cats",), since(300)))


def test_what_comes_later_is_followed_and_nothing_told_twice(written: World) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        if len(pauses) == 1:
            put(written, "pictures", "later")
        return len(pauses) == 3

    assert [line.text for line in follow(written, Query((), since(20)), pause)] == ["answered", "later"]
