from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ekiben.deploy.bento import Bento, bento_path, latest_tag, read_bento
from ekiben.errors import BuildError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_bento_is_read_from_its_folder(bento: Bento, home: Path) -> None:
    assert (bento.tag, bento.name, bento.service) == ("toy_service:1.2.3", "toy_service", "services.toy.service:Toy")
    assert bento.models == {"toy:1.2.3"}
    assert bento.names == ("toy",)
    assert bento.path == bento_path(home, latest_tag(home, "toy_service"))


def test_what_is_not_there_is_said_with_what_to_do(home: Path) -> None:
    with pytest.raises(BuildError, match=r"there is no Bento 'toy_service'.*scripts/build"):
        latest_tag(home, "toy_service")
    with pytest.raises(BuildError, match="no Bento can be read"):
        read_bento(bento_path(home, "toy_service:9.9.9"))


def test_another_file_is_no_bento(bento: Bento) -> None:
    (bento.path / "bento.yaml").write_text("name: toy_service\n")
    with pytest.raises(BuildError, match="not as BentoML writes it"):
        read_bento(bento.path)


def test_a_bento_that_was_not_built_here_cannot_say_what_it_serves(bento: Bento) -> None:
    text = (bento.path / "bento.yaml").read_text()
    (bento.path / "bento.yaml").write_text(text.replace("models: toy\n", "other: x\n"))
    with pytest.raises(BuildError, match="scripts/build"):
        _ = read_bento(bento.path).names
