from __future__ import annotations

from ekiben.deploy.simulator.formats.steps import Steps, to_ticks


def test_a_tick_has_the_number_at_its_beginning() -> None:
    assert to_ticks(Steps([100.0, 130.0, 159.0, 220.0], [1, 2, 3, 4], 280.0), 60).tolist() == [1, 3, 4]


def test_a_moment_is_a_tick() -> None:
    assert to_ticks(Steps([5.0], [7], 5.0), 60).tolist() == [7]
