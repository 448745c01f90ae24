from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
import yaml

from ekiben.cards.catalogue import Catalogue, load_catalogue
from ekiben.deploy.bentofile import Bentofile, read_bentofile
from ekiben.deploy.blueprint import Blueprint, draw, draw_each
from ekiben.deploy.revision import Revision
from ekiben.errors import BuildError
from ekiben.version import __version__
from tests.unit.deploy.conftest import BENTOFILE, CARD, ELSEWHERE, REVISION, write_files

if TYPE_CHECKING:
    from pathlib import Path


def test_a_service_has_the_version_of_its_card(blueprint: Blueprint) -> None:
    assert (blueprint.tag, blueprint.names) == ("toy_service:1.2.3", ("toy",))


@pytest.fixture
def two(project: Path) -> Catalogue:
    """The catalogue of a service with a second model, and a platform."""
    write_files(
        project, {"models/text-embedding/a-toy.yaml": CARD.replace("1.2.3", "4.0.0"), "bentofile.yaml": BENTOFILE}
    )
    return load_catalogue(project / "models")


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


def test_the_cards_of_others_stay_out(bentofile: Bentofile, blueprint: Blueprint, two: Catalogue) -> None:
    described = yaml.safe_load(draw(bentofile, two, REVISION, model="toy").description)
    assert (described["name"], described["exclude"]) == ("toy", ["/models/text-embedding/a-toy.yaml"])
    assert yaml.safe_load(blueprint.description) == yaml.safe_load(BENTOFILE) | {"exclude": []}


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


def test_what_a_server_elsewhere_computes_is_not_computed_here(project: Path, blueprint: Blueprint) -> None:
    write_files(project, {"models/text-generation/far.yaml": ELSEWHERE, "bentofile.yaml": BENTOFILE})
    platform = draw(read_bentofile(project, "platform"), load_catalogue(project / "models"), REVISION)
    assert platform.names == ("far", "toy")
    assert platform.computed_here == blueprint.cards == blueprint.computed_here


def test_another_version_can_be_given(bentofile: Bentofile, catalogue: Catalogue) -> None:
    assert draw(bentofile, catalogue, REVISION, "9.0.0").tag == "toy_service:9.0.0"


def test_labels_say_where_everything_came_from(blueprint: Blueprint) -> None:
    assert blueprint.labels == {
        "ekiben_version": __version__,
        "git_revision": REVISION.commit,
        "git_dirty": "false",
        "models": "toy",
        "toy.version": "1.2.3",
        "toy.card_sha256": hashlib.sha256(CARD.encode()).hexdigest(),
        "toy.licence_code": "Apache-2.0",
        "toy.licence_weights": "MIT",
    }


def test_a_dirty_tree_is_said(bentofile: Bentofile, catalogue: Catalogue) -> None:
    assert draw(bentofile, catalogue, Revision("unknown", dirty=True)).labels["git_dirty"] == "true"


def test_a_bento_without_a_card_is_refused(bentofile: Bentofile) -> None:
    with pytest.raises(BuildError, match="no card is included that is served"):
        draw(bentofile, Catalogue(()), REVISION)
