from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ekiben.deploy.bentofile import Bentofile, list_targets, read_bentofile
from ekiben.errors import BuildError
from tests.repo.paths import PROJECT
from tests.unit.deploy.conftest import BENTOFILE, CARD, write_files

if TYPE_CHECKING:
    from pathlib import Path

    from ekiben.cards.catalogue import Catalogue


def test_every_folder_with_a_bentofile_is_a_target_and_the_platform_comes_last(project: Path) -> None:
    assert list_targets(project) == ("toy",)
    write_files(project, {"bentofile.yaml": BENTOFILE, "services/another/bentofile.yaml": BENTOFILE})
    assert list_targets(project) == ("another", "toy", "platform")
    assert read_bentofile(project, "platform").path == project / "bentofile.yaml"


def test_the_cards_are_those_that_the_patterns_take_in(catalogue: Catalogue, bentofile: Bentofile) -> None:
    assert [card.name for card in bentofile.cards(catalogue.served)] == ["toy"]
    narrow = bentofile.model_copy(update={"include": ("/models/image-classification/", "/models/weights.lock")})
    assert narrow.cards(catalogue.served) == ()


def test_an_unknown_target_is_told_which_there_are(project: Path) -> None:
    with pytest.raises(BuildError, match=r"'nope' cannot be built.*there are: toy"):
        read_bentofile(project, "nope")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("is_src_layout: true", "is_src_layout: false", "is_src_layout must be true"),
        ("lock_packages: false", "lock_packages: true", "lock_packages must be false"),
        ("locks/toy.txt\n", "locks/other.txt\n", r"there is no locks/other\.txt; run scripts/lock"),
        ("name: toy_service\n", "", "name: Field required"),
        (BENTOFILE, "[", "is not a bentofile"),
        (BENTOFILE, "a text", "is not a bentofile"),
    ],
)
def test_what_could_not_be_served_is_refused(project: Path, old: str, new: str, words: str) -> None:
    assert old in BENTOFILE
    (project / "services/toy/bentofile.yaml").write_text(BENTOFILE.replace(old, new))
    with pytest.raises(BuildError, match=words):
        read_bentofile(project, "toy")


def test_the_card_used_in_these_tests_is_one(catalogue: Catalogue) -> None:
    assert catalogue.get("toy").version in CARD


@pytest.mark.parametrize("target", list_targets(PROJECT))
def test_the_lock_for_gpus_lies_where_there_is_something_to_replace(target: str) -> None:
    bentofile = read_bentofile(PROJECT, target)
    replaceable = "\nonnxruntime==" in (PROJECT / bentofile.lock).read_text()
    assert ("/locks/cuda.txt" in bentofile.include) == replaceable
