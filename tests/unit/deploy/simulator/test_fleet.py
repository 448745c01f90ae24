from __future__ import annotations

from ekiben.deploy.simulator.fleet import Fleet


def test_instances_serve_when_they_are_due() -> None:
    fleet = Fleet()
    fleet.launch(2, 3)
    fleet.launch(1, 5)
    assert fleet.next_due() == 3
    assert not fleet.start_serving(2)
    assert fleet.start_serving(4)
    assert (fleet.ready, fleet.starting, fleet.held) == (2, 1, 3)


def test_a_notice_takes_those_that_serve_first() -> None:
    fleet = Fleet()
    fleet.launch(2, 0)
    fleet.start_serving(0)
    fleet.launch(2, 9)
    fleet.give_notice(3, 2)
    assert (fleet.ready, fleet.starting, fleet.going, fleet.held) == (0, 1, 3, 4)
    fleet.end(1, capacity=4)
    assert fleet.held == 4
    fleet.end(1, capacity=2)  # sooner than announced
    assert fleet.held == 2
    fleet.end(2, capacity=4)
    assert (fleet.held, fleet.going) == (1, 0)


def test_those_that_would_serve_last_are_given_back_first() -> None:
    fleet = Fleet()
    fleet.launch(1, 0)
    fleet.start_serving(0)
    fleet.launch(1, 5)
    fleet.launch(1, 7)
    fleet.release(1)
    assert fleet.next_due() == 5
    fleet.release(2)
    assert (fleet.held, fleet.next_due()) == (0, None)
