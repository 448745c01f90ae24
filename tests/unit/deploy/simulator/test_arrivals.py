from __future__ import annotations

from pathlib import Path

import pytest

from ekiben.deploy.simulator.arrivals import read_arrivals
from ekiben.errors import OperatorError


def test_dated_lines(tmp_path: Path) -> None:
    path = tmp_path / "azure.csv"
    path.write_text(
        "TIMESTAMP,ContextTokens,GeneratedTokens\n"
        "2023-11-16 18:17:04.0319600,3180,8\n2023-11-16 18:17:03.9799600,4808,10\n"
    )
    found = read_arrivals(path)
    assert found.times_s.tolist() == pytest.approx([0, 0.052])
    assert found.tokens.tolist() == [10, 8]


def test_numbered_lines(tmp_path: Path) -> None:
    path = tmp_path / "queries.txt"
    path.write_text("0,1.5,512,0\n1,3.0,512,2966\n")
    assert read_arrivals(path).times_s.tolist() == [0, 1.5]


def test_something_else(tmp_path: Path) -> None:
    path = tmp_path / "poem.txt"
    path.write_text("a line\n")
    with pytest.raises(OperatorError, match="poem"):
        read_arrivals(path)
