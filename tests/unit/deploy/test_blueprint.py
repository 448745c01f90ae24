from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import yaml

from ekiben.cards.catalogue import Catalogue, load_catalogue
from ekiben.deploy.bentofile import Bentofile, read_bentofile
from ekiben.deploy.blueprint import Blueprint
from ekiben.deploy.drawing import draw
from ekiben.deploy.revision import Revision
from ekiben.version import __version__
from tests.unit.deploy.conftest import BENTOFILE, CARD, ELSEWHERE, REVISION, write_files

if TYPE_CHECKING:
    from pathlib import Path


def test_the_cards_of_others_stay_out(bentofile: Bentofile, blueprint: Blueprint, two: Catalogue) -> None:
    described = yaml.safe_load(draw(bentofile, two, REVISION, model="toy").description)
    assert (described["name"], described["exclude"]) == ("toy", ["/models/text-embedding/a-toy.yaml"])
    assert yaml.safe_load(blueprint.description) == yaml.safe_load(BENTOFILE) | {"exclude": []}


def test_what_a_server_elsewhere_computes_is_not_computed_here(project: Path, blueprint: Blueprint) -> None:
    write_files(project, {"models/text-generation/far.yaml": ELSEWHERE, "bentofile.yaml": BENTOFILE})
    platform = draw(read_bentofile(project, "platform"), load_catalogue(project / "models"), REVISION)
    assert platform.names == ("far", "toy")
    assert platform.computed_here == blueprint.cards == blueprint.computed_here


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
