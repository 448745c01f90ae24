"""Which worker gets which device, and when nobody gets anything."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekiben.cards.card import Card, Resources, Session
from ekiben.devices.machine import Gpu, Machine
from ekiben.devices.planner import make_plan
from ekiben.errors import ConfigurationError
from ekiben.testing import toy_card

A10, L4 = Gpu(0, "GPU-a", "NVIDIA A10G", 24.0), Gpu(1, "GPU-b", "NVIDIA L4", 24.0)
TWO_GPUS = Machine(threads=8, memory_gib=64, gpus=(A10, L4))


def card(name: str, *, providers: tuple[str, ...] = ("cuda", "cpu"), **resources: Any) -> Card:
    session = Session.model_validate({"providers": providers})
    return toy_card(name, session=session, resources=Resources.model_validate({"memory_gib": 0.1, **resources}))


def on_gpu(name: str, gpu_memory_gib: float, **resources: Any) -> Card:
    return card(name, gpu=1, gpu_memory_gib=gpu_memory_gib, **resources)


def test_threads_are_what_the_card_asks_for_within_the_machine() -> None:
    plan = make_plan([card("greedy", cpu=16.0)], Machine(threads=4, memory_gib=8))
    assert plan.of("greedy").threads == 4
    assert make_plan([card("modest", cpu=0.5)], Machine(threads=4, memory_gib=8)).of("modest").threads == 1


def test_models_that_ask_for_more_threads_than_there_are_share_them_in_proportion() -> None:
    cards = [card("large", cpu=8.0), card("small", cpu=2.0, workers=2), card("tiny", cpu=0.5)]
    plan = make_plan(cards, Machine(threads=8, memory_gib=8))
    assert [plan.of(name).threads for name in ("large", "small", "tiny")] == [5, 1, 1]


def test_five_models_on_two_cores_get_a_thread_each() -> None:
    cards = [card(f"model-{index}", cpu=2.0) for index in range(5)]
    plan = make_plan(cards, Machine(threads=2, memory_gib=8))
    assert [place.threads for place in plan.placements] == [1] * 5


def test_overcommitted_memory_is_refused_with_the_numbers() -> None:
    large = card("large", memory_gib=3.0, workers=2)
    with pytest.raises(ConfigurationError, match=r"need 6\.6 GiB.*has 4\.0 GiB.*large 2 × 3"):
        make_plan([large], Machine(threads=2, memory_gib=4))


def test_the_largest_goes_first_and_load_spreads() -> None:
    plan = make_plan([on_gpu("small", 4.0), on_gpu("medium", 10.0), on_gpu("large", 20.0)], TWO_GPUS)
    assert {place.model: place.devices for place in plan.placements} == {
        "large": ["cuda:0"],
        "medium": ["cuda:1"],
        "small": ["cuda:1"],
    }
    assert [plan.gpu_memory_gib(gpu) for gpu in TWO_GPUS.gpus] == [20.0, 14.0]


def test_two_workers_of_a_model_take_two_gpus() -> None:
    plan = make_plan([on_gpu("twice", 8.0, workers=2), card("beside")], TWO_GPUS)
    assert plan.of("twice").devices == ["cuda:0", "cuda:1"]
    assert plan.of("beside").devices == ["cpu"]


def test_overcommitted_gpus_are_refused_with_the_numbers() -> None:
    with pytest.raises(ConfigurationError) as refusal:
        make_plan([on_gpu("large", 20.0, workers=2), on_gpu("more", 6.0)], TWO_GPUS)
    assert refusal.value.message.startswith(
        "worker 1 of 1 of more needs 6 GiB; free GiB: cuda:0 (NVIDIA A10G) 4.0 of 24.0, cuda:1 (NVIDIA L4) 4.0 of 24.0."
    )


def test_the_type_of_gpu_a_card_asks_for_decides() -> None:
    plan = make_plan([on_gpu("picky", 1.0, gpu_type="l4")], TWO_GPUS)
    assert plan.of("picky").devices == ["cuda:1"]
    with pytest.raises(ConfigurationError, match="on a GPU of type 'H100'"):
        make_plan([on_gpu("picky", 1.0, gpu_type="H100")], TWO_GPUS)


def test_without_a_gpu_a_card_that_can_runs_on_the_cpu_and_another_is_refused() -> None:
    machine = Machine(threads=2, memory_gib=8)
    assert make_plan([on_gpu("able", 4.0)], machine).of("able").devices == ["cpu"]
    with pytest.raises(ConfigurationError, match="bound needs a GPU and this machine has none"):
        make_plan([on_gpu("bound", 4.0, providers=("cuda",))], machine)


@given(
    needs=st.lists(st.tuples(st.floats(0.5, 24), st.integers(1, 3)), max_size=6),
    sizes=st.lists(st.floats(8, 80), min_size=1, max_size=4),
)
def test_no_plan_overcommits_a_gpu(needs: list[tuple[float, int]], sizes: list[float]) -> None:
    machine = Machine(8, 1_000, tuple(Gpu(index, str(index), "GPU", size) for index, size in enumerate(sizes)))
    cards = [on_gpu(f"m{index}", need, workers=workers) for index, (need, workers) in enumerate(needs)]
    try:
        plan = make_plan(cards, machine)
    except ConfigurationError:
        return
    assert all(plan.gpu_memory_gib(gpu) <= gpu.memory_gib + 1e-6 for gpu in machine.gpus)
    assert all(None not in place.gpus for place in plan.placements)
