from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from ekiben.cards.catalogue import Catalogue, load_catalogue
from ekiben.deploy.bentofile import Bentofile, read_bentofile
from ekiben.deploy.blueprint import Blueprint, draw
from ekiben.deploy.revision import Revision
from ekiben.errors import BuildError
from ekiben.version import __version__
from tests.unit.deploy.conftest import BENTOFILE, CARD, REVISION, write_files

if TYPE_CHECKING:
    from pathlib import Path


def test_a_service_has_the_version_of_its_card(blueprint: Blueprint) -> None:
    assert (blueprint.tag, blueprint.names) == ("toy_service:1.2.3", ("toy",))


def test_a_service_serves_the_first_of_its_cards_and_the_platform_all(project: Path) -> None:
    write_files(
        project, {"models/text-embedding/a-toy.yaml": CARD.replace("1.2.3", "4.0.0"), "bentofile.yaml": BENTOFILE}
    )
    catalogue = load_catalogue(project / "models")
    service = draw(read_bentofile(project, "toy"), catalogue, REVISION)
    platform = draw(read_bentofile(project, "platform"), catalogue, REVISION)
    assert (service.names, service.version) == (("a-toy",), "4.0.0")
    assert (platform.names, platform.version) == (("a-toy", "toy"), __version__)


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
