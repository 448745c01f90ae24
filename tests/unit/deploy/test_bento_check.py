from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ekiben.deploy.bento_check import check_bento
from ekiben.errors import BuildError
from tests.unit.deploy.conftest import CARD, write_files

if TYPE_CHECKING:
    from ekiben.deploy.bento import Bento
    from ekiben.deploy.blueprint import Blueprint


def test_a_bento_as_it_should_be(bento: Bento, blueprint: Blueprint) -> None:
    check_bento(bento, blueprint)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"service": "services.other.service:Other"}, "it serves services.other"),
        ({"tag": "toy_service:9.9.9"}, "its tag is"),
        ({"labels": {}}, "its labels differ"),
        ({"models": frozenset[str]()}, "it refers to the models"),
    ],
)
def test_another_description_is_refused(bento: Bento, blueprint: Blueprint, change: dict[str, str], words: str) -> None:
    with pytest.raises(BuildError, match=words):
        check_bento(replace(bento, **change), blueprint)  # type: ignore[arg-type]


def test_the_card_of_another_model_is_refused(bento: Bento, blueprint: Blueprint) -> None:
    """BentoML would serve the first of them, whatever the Bento's name."""
    write_files(bento.source, {"models/text-embedding/a-toy.yaml": CARD})
    with pytest.raises(BuildError, match="it holds other cards too: a-toy"):
        check_bento(bento, blueprint)


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("src/models/text-embedding/toy.yaml", "the card of toy is missing"),
        ("src/models/weights.lock", "toy: is not in the lock"),
        ("src/locks/toy.txt", r"locks/toy\.txt differs"),
        ("src/NOTICE", "NOTICE is missing"),
        ("sbom.cdx.json", "sbom.* is missing"),
        ("src/services/toy/service.py", "No module named"),
    ],
)
def test_what_is_missing_is_named(bento: Bento, blueprint: Blueprint, missing: str, words: str) -> None:
    (bento.path / missing).unlink()
    with pytest.raises(BuildError, match=words):
        check_bento(bento, blueprint)


def test_weights_and_secrets_have_no_place_in_it(bento: Bento, blueprint: Blueprint) -> None:
    write_files(bento.source, {"services/toy/.env": "SECRET=1"})
    with pytest.raises(BuildError, match=r"services/toy/\.env"):
        check_bento(bento, blueprint)
    write_files(bento.source, {"models/text-embedding/model.onnx": "x"})
    with pytest.raises(BuildError, match="it holds weights"):
        check_bento(bento, blueprint)


def test_code_from_elsewhere_is_found_out(bento: Bento, blueprint: Blueprint) -> None:
    """Without `src/ekiben`, the entry point would import what this machine has installed."""
    (bento.source / "services/toy/service.py").write_text("import ekiben\nToy = 1\n")
    with pytest.raises(BuildError, match=r"it imports from elsewhere: .*ekiben"):
        check_bento(bento, blueprint)
