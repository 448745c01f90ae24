from __future__ import annotations

from pathlib import Path

import pytest

from ekiben.deploy.catalogue.catalogue_file import read_catalogue, write_catalogue
from ekiben.errors import OperatorError


def test_the_catalogue_that_comes_with_the_package() -> None:
    catalogue = read_catalogue()
    assert catalogue.get("g5.xlarge").gpu == "A10G"
    assert len({kind.name for kind in catalogue.types}) == len(catalogue.types)
    assert set(catalogue.outdated) <= {kind.name for kind in catalogue.types}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yaml"
    write_catalogue(read_catalogue(), path)
    assert read_catalogue(path) == read_catalogue()


def test_faults_are_told(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text("region: us-east-1\n")
    with pytest.raises(OperatorError, match="not a catalogue"):
        read_catalogue(path)
    with pytest.raises(OperatorError, match=r"no instance type x1\.large"):
        read_catalogue().get("x1.large")
