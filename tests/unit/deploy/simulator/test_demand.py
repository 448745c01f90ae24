from __future__ import annotations

from pathlib import Path

import pytest

from ekiben.deploy.simulator.demand import read_demand
from ekiben.errors import OperatorError


def test_a_number() -> None:
    assert read_demand("3", 4, 60).tolist() == [3, 3, 3, 3]


def test_a_file_whose_last_line_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "demand.csv"
    path.write_text("seconds,replicas\n0,2\n60,5\n180,1\n")
    assert read_demand(str(path), 6, 60).tolist() == [2, 5, 5, 1, 1, 1]


@pytest.mark.parametrize("stated", ["0", "-1", "nowhere.csv"])
def test_nothing_to_need(stated: str) -> None:
    with pytest.raises(OperatorError):
        read_demand(stated, 3, 60)
