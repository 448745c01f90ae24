"""What ships rendered is what the chart renders."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.lib.helm import can_run
from scripts.lib.manifests import EXAMPLES, RENDERED, manifests

_EXAMPLES = sorted(EXAMPLES.glob("*.yaml"))


def test_each_example_ships_rendered() -> None:
    assert [path.name for path in sorted(RENDERED.glob("*.yaml"))] == [path.name for path in _EXAMPLES]


@pytest.mark.skipif(not can_run(), reason="the package's binary of Helm is for Linux on x86-64")
@pytest.mark.parametrize("values", _EXAMPLES, ids=lambda path: path.stem)
def test_the_manifests_are_as_the_chart_is(values: Path) -> None:
    found = (RENDERED / values.name).read_text(encoding="utf-8")
    assert found == manifests(values), "the chart changed: run scripts/manifests"
