from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ekiben.deploy.bento_build import BuildOptions, build_bento
from ekiben.errors import BuildError, WeightsError
from ekiben.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from ekiben.deploy.bento import Bento
    from ekiben.deploy.blueprint import Blueprint


def options(home: Path) -> BuildOptions:
    return BuildOptions(Settings(bentoml_home=home), start=False, say=lambda _: None)


def test_a_tag_that_is_taken_says_how_to_go_on(blueprint: Blueprint, bento: Bento, home: Path) -> None:
    with pytest.raises(BuildError, match=r"raise it in the card.*--version.*bentoml delete toy_service:1\.2\.3"):
        build_bento(blueprint, options(home))
    assert bento.path.is_dir()


def test_weights_must_be_stored_first(blueprint: Blueprint, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="run: ekiben models pull toy"):
        build_bento(blueprint, options(tmp_path / "empty"))
