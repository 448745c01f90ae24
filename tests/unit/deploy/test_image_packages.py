from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ekiben.deploy.image_packages import read_image_packages
from ekiben.errors import BuildError
from tests.unit.deploy.conftest import write_files

if TYPE_CHECKING:
    from ekiben.deploy.bento import Bento


def test_a_lock_says_what_computes(bento: Bento) -> None:
    packages = read_image_packages(bento, cuda=True)
    assert (packages.before, packages.has_onnxruntime) == ("", True)
    head = "# Installed before these: torch==2.13.0\n"
    write_files(bento.source, {"locks/toy.txt": head + "numpy==2.4.6 \\\n    --hash=sha256:00\n"})
    packages = read_image_packages(bento, cuda=True)
    assert (packages.before, packages.has_onnxruntime) == ("torch==2.13.0", False)


def test_one_lock_and_no_other(bento: Bento) -> None:
    write_files(bento.source, {"locks/cuda.txt": "", "locks/more.txt": ""})
    with pytest.raises(BuildError, match="holds 2 locks instead of one"):
        read_image_packages(bento)
