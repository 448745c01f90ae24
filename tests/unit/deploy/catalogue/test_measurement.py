from __future__ import annotations

from pathlib import Path

import pytest

from ekiben.deploy.catalogue.measurement import read_measurements
from ekiben.errors import OperatorError


def test_a_list_is_read(tmp_path: Path) -> None:
    path = tmp_path / "measured.yaml"
    path.write_text("- {model: sd-1.5, instance_type: g5.xlarge, images_per_s: 0.5, batch: 4}\n")
    (found,) = read_measurements(path)
    assert (found.model, found.batch, found.gpus) == ("sd-1.5", 4, 1)


@pytest.mark.parametrize(
    "text", ["model: x", "- {model: x, instance_type: y}", "- {model: x, instance_type: y, images_per_s: 0}"]
)
def test_what_is_none_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "measured.yaml"
    path.write_text(text)
    with pytest.raises(OperatorError, match="not a list of measurements"):
        read_measurements(path)
