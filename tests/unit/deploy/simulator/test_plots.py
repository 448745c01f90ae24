from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from ekiben.deploy.simulator.comparison import compare
from ekiben.deploy.simulator.generator import Shape, generate
from ekiben.deploy.simulator.plots import draw
from ekiben.deploy.simulator.terms import Terms
from tests.unit.deploy.simulator.traces import need

pytest.importorskip("matplotlib")


def test_two_pictures_that_show_something(tmp_path: Path) -> None:
    market = generate(Shape(hours=2), 0)
    written = draw(compare(market, need(4, market.ticks), Terms()), tmp_path / "plots")
    assert [path.name for path in written] == ["generated-0-180s-timeline.png", "generated-0-180s-cost.png"]
    for path in written:
        with Image.open(path) as picture:
            assert min(picture.size) > 300
            assert len(picture.convert("RGB").getcolors(2**24) or ()) > 10
