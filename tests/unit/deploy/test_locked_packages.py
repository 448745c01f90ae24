from __future__ import annotations

from typing import TYPE_CHECKING

from ekiben.deploy.locked_packages import LockedPackage, read_before, read_packages
from tests.repo.paths import PROJECT

if TYPE_CHECKING:
    from pathlib import Path


def test_packages_are_those_of_the_image_not_of_other_systems(project: Path) -> None:
    assert read_packages(project / "locks" / "toy.txt") == (
        LockedPackage("onnxruntime", "1.31.1"),
        LockedPackage("pyyaml", "6.0.2"),
    )


def test_a_real_lock_has_one_version_of_each() -> None:
    names = [package.name for package in read_packages(PROJECT / "locks" / "platform.txt")]
    assert len(names) == len(set(names))
    assert {"bentoml", "onnxruntime", "numpy"} <= set(names)


def test_what_comes_before_a_lock_stands_in_its_head(project: Path) -> None:
    assert read_before(project / "locks" / "toy.txt") is None
    before = read_before(PROJECT / "locks" / "text-to-image.txt")
    assert before is not None
    assert before.name == "torch"
