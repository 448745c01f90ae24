"""The start-up plan."""

from __future__ import annotations

import pytest

from ekiben.cards.card import Resources
from ekiben.devices import Machine, make_plan, measure_machine
from ekiben.errors import ConfigurationError
from ekiben.settings import load_settings
from ekiben.testing import toy_card


def test_threads_are_what_the_card_asks_for_within_the_machine() -> None:
    greedy = toy_card("greedy", resources=Resources(memory_gib=0.1, cpu=16))
    modest = toy_card("modest", resources=Resources(memory_gib=0.1, cpu=0.5))
    plan = make_plan([greedy, modest], Machine(threads=4, memory_gib=8))
    assert (plan.threads_for("greedy"), plan.threads_for("modest")) == (4, 1)


def test_overcommit_is_refused_with_the_numbers() -> None:
    large = toy_card("large", resources=Resources(memory_gib=3, workers=2))
    with pytest.raises(ConfigurationError, match=r"need 6\.6 GiB.*has 4\.0 GiB.*large 2 × 3"):
        make_plan([large], Machine(threads=2, memory_gib=4))


def test_settings_win_over_what_is_measured() -> None:
    machine = measure_machine(load_settings(threads=7, memory_gib=1.5))
    assert machine == Machine(threads=7, memory_gib=1.5)


def test_the_machine_has_something() -> None:
    machine = measure_machine(load_settings())
    assert machine.threads >= 1
    assert machine.memory_gib > 0
