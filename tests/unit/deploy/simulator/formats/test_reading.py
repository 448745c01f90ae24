from __future__ import annotations

import json
from pathlib import Path

import pytest

from ekiben.deploy.simulator.formats.reading import read_trace
from ekiben.deploy.simulator.formats.table import write_table
from ekiben.deploy.simulator.generator import Shape, generate
from ekiben.errors import OperatorError

NODES = "0,add,a\n0,add,b\n120000,remove,a\n180000,add,c\n240000,remove,b\n"
COUNTS = "0,1\n0,2\n120000,1\n180000,2\n240000,1\n"
DATED = "2021-12-10, 13:00:00, 2\n2021-12-10, 13:04:00, 1\n2021-12-10, 13:02:00, 1\n2021-12-10, 13:03:00, 2\n"
LISTS = "\n".join(
    json.dumps(line)
    for line in (
        [0, "add", {"nodes": ["a", "b"]}],
        [60000, "no-op", {"nodes": []}],
        [120000, "remove", {"nodes": ["a"]}],
        [180000, "add", {"nodes": ["c"]}],
        [240000, "DONE", {"nodes": []}],
    )
)
TABLE = "seconds,here/here-a/g5.xlarge\n0,2\n120,1\n180,2\n240,1\n"


@pytest.mark.parametrize(
    "text", [NODES, COUNTS, DATED, LISTS, TABLE], ids=["nodes", "counts", "dated", "lists", "table"]
)
def test_every_form_of_one_trace(text: str, tmp_path: Path) -> None:
    path = tmp_path / "trace.txt"
    path.write_text(text)
    trace = read_trace(path, tick_s=60, spot_price=0.4)
    assert trace.capacity[:, 0].tolist() == [2, 2, 1, 2]
    assert (trace.name, trace.pools[0].spot_price) == ("trace", 0.4)


def test_a_trace_of_many_pools_is_written_and_read(tmp_path: Path) -> None:
    trace = generate(Shape(hours=3), 0)
    path = tmp_path / "generated.csv"
    path.write_text(write_table(trace))
    read = read_trace(path, tick_s=60, spot_price=0.35)
    assert read.pools == trace.pools
    assert (read.capacity == trace.capacity).all()


@pytest.mark.parametrize("text", ["", "hello\n", "0,add\n", "[1, 2]\n", "seconds,a\n"])
def test_what_is_no_trace_is_refused_by_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_text(text)
    with pytest.raises(OperatorError, match=r"bad\.txt"):
        read_trace(path, tick_s=60, spot_price=0.35)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="nowhere"):
        read_trace(tmp_path / "nowhere", tick_s=60, spot_price=0.35)
