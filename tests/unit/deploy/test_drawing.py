from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ekiben.cards.catalogue import Catalogue
from ekiben.deploy.bentofile import Bentofile, read_bentofile
from ekiben.deploy.blueprint import Blueprint
from ekiben.deploy.drawing import draw, draw_each
from ekiben.errors import BuildError
from ekiben.version import __version__
from tests.unit.deploy.conftest import REVISION

if TYPE_CHECKING:
    from pathlib import Path


def test_a_service_has_the_version_of_its_card(blueprint: Blueprint) -> None:
    assert (blueprint.tag, blueprint.names) == ("toy_service:1.2.3", ("toy",))


def test_of_several_models_one_is_chosen_and_names_the_bento(bentofile: Bentofile, two: Catalogue) -> None:
    assert draw(bentofile, two, REVISION, model="a-toy").tag == "a-toy:4.0.0"
    chosen = draw(bentofile, two, REVISION, model="toy")
    assert (chosen.tag, chosen.names) == ("toy:1.2.3", ("toy",))
    assert "a-toy.version" not in chosen.labels


def test_of_several_models_none_is_taken_by_itself(bentofile: Bentofile, two: Catalogue) -> None:
    with pytest.raises(BuildError, match="choose with --model; there are: a-toy, toy"):
        draw(bentofile, two, REVISION)
    with pytest.raises(BuildError, match="no model 'nope' that is served; there are: a-toy, toy"):
        draw(bentofile, two, REVISION, model="nope")


def test_the_platform_serves_all(project: Path, two: Catalogue) -> None:
    file = read_bentofile(project, "platform")
    platform = draw(file, two, REVISION)
    assert (platform.names, platform.version) == (("a-toy", "toy"), __version__)
    with pytest.raises(BuildError, match="--model is for a service"):
        draw(file, two, REVISION, model="toy")


def test_everything_is_a_bento_for_each_model_and_one_for_all(
    project: Path, bentofile: Bentofile, catalogue: Catalogue, two: Catalogue
) -> None:
    assert [drawn.tag for drawn in draw_each(bentofile, catalogue, REVISION)] == ["toy_service:1.2.3"]
    assert [drawn.tag for drawn in draw_each(bentofile, two, REVISION)] == ["a-toy:4.0.0", "toy:1.2.3"]
    (platform,) = draw_each(read_bentofile(project, "platform"), two, REVISION)
    assert platform.names == ("a-toy", "toy")


def test_another_version_can_be_given(bentofile: Bentofile, catalogue: Catalogue) -> None:
    assert draw(bentofile, catalogue, REVISION, "9.0.0").tag == "toy_service:9.0.0"


def test_a_service_whose_models_are_all_templates_is_left_out_of_everything(bentofile: Bentofile) -> None:
    assert draw_each(bentofile, Catalogue(()), REVISION) == ()


def test_a_bento_without_a_card_is_refused(bentofile: Bentofile) -> None:
    with pytest.raises(BuildError, match="no card is included that is served"):
        draw(bentofile, Catalogue(()), REVISION)
