from __future__ import annotations

import pytest

from ekiben.deploy.control.memory import Memory, dump, fold, load
from ekiben.deploy.control.seen import Phase
from tests.unit.deploy.control.situations import instance, seen

BURST_S = 200.0


def test_losses_are_those_that_aws_takes_once() -> None:
    first = fold(Memory(0.0), seen(instance("a"), instance("b"), instance("c", "us-east-1b")), 10.0, BURST_S)
    assert first.kept == {
        "a": ("us-east-1a/g5.xlarge", 1),
        "b": ("us-east-1a/g5.xlarge", 1),
        "c": ("us-east-1b/g5.xlarge", 1),
    }
    noticed = seen(instance("a", phase=Phase.GOING), instance("b"), instance("c", "us-east-1b"), taken=("a",))
    second = fold(first, noticed, 25.0, BURST_S)
    assert second.lost == 1
    assert second.pools["us-east-1a/g5.xlarge"].share == pytest.approx(0.5)
    assert second.bursts.open_share == pytest.approx(1 / 3)
    third = fold(second, noticed, 40.0, BURST_S)
    assert third.lost == 1
    assert third.bursts.open_share == pytest.approx(1 / 3)


def test_what_we_end_ourselves_is_no_loss() -> None:
    before = fold(Memory(0.0), seen(instance("a"), instance("b")), 10.0, BURST_S)
    after = fold(before, seen(instance("a")), 25.0, BURST_S)
    assert after.lost == 0
    assert after.kept.keys() == {"a"}
    assert after.bursts.held_s == pytest.approx(15.0, rel=1e-3)


def test_on_demand_instances_are_not_held_at_risk() -> None:
    before = fold(Memory(0.0), seen(instance("a", spot=False)), 10.0, BURST_S)
    assert not before.kept
    assert fold(before, seen(), 25.0, BURST_S).bursts.held_s == 0


def test_refusals_are_remembered() -> None:
    after = fold(Memory(0.0), seen(refused=("us-east-1b/g5.xlarge",)), 10.0, BURST_S)
    assert after.pools["us-east-1b/g5.xlarge"].refused_at_s == 10.0


def test_a_clock_that_was_set_back_is_no_time() -> None:
    before = fold(Memory(100.0), seen(instance("a")), 110.0, BURST_S)
    assert fold(before, seen(instance("a")), 50.0, BURST_S).bursts.held_s == 0


def test_it_outlives_the_process() -> None:
    memory = fold(Memory(0.0), seen(instance("a"), refused=("us-east-1b/g5.xlarge",)), 10.0, BURST_S)
    memory = fold(memory, seen(taken=("a",)), 25.0, BURST_S)
    assert load(dump(memory)) == memory


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"at_s": "x"}', "null"])
def test_what_is_no_memory(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # json's own, or ours
        load(text)
