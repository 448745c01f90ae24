from __future__ import annotations

from ekiben.deploy.simulator.formats.counts import read_dated


def test_of_readings_that_overlap_the_later_line_counts() -> None:
    lines = ["2021-12-10, 13:07:45, 80", "2021-12-10, 13:08:45, 80", "2021-12-10, 13:08:45, 70"]
    steps = read_dated(lines)
    assert list(steps.values) == [80, 80, 70]
    assert steps.times_s[1] == steps.times_s[2]
