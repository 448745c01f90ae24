from __future__ import annotations

from collections import Counter

from ekiben.batching.turns import Turns


def spent(turns: Turns[str], seconds: dict[str, float], total_s: float) -> Counter[str]:
    used: Counter[str] = Counter()
    while used.total() < total_s:
        member = turns.order()[0]
        turns.used(member, seconds[member])
        used[member] += seconds[member]  # type: ignore[assignment]
    return used


def test_device_time_is_shared_equally_whatever_a_batch_takes() -> None:
    turns: Turns[str] = Turns()
    turns.join("long")
    turns.join("short")
    used = spent(turns, {"long": 10.0, "short": 1.0}, 1000.0)
    assert abs(used["long"] - used["short"]) <= 10.0


def test_equals_take_turns() -> None:
    turns: Turns[str] = Turns()
    for member in "abc":
        turns.join(member)
    order = []
    for _ in range(6):
        order.append(turns.order()[0])
        turns.used(order[-1], 1.0)
    assert order == ["a", "b", "c", "a", "b", "c"]


def test_who_was_idle_has_saved_nothing_up() -> None:
    turns: Turns[str] = Turns()
    turns.join("busy")
    turns.join("idle")
    for _ in range(100):
        turns.used("busy", 1.0)
    used = spent(turns, {"busy": 1.0, "idle": 1.0}, 20.0)
    assert used["busy"] >= 9.0


def test_who_left_has_no_turn() -> None:
    turns: Turns[str] = Turns()
    turns.join("a")
    turns.leave("a")
    turns.leave("a")
    turns.used("a", 1.0)
    assert turns.order() == []
