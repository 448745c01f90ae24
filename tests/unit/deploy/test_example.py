from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ekiben.cards.catalogue import Catalogue, load_catalogue
from ekiben.deploy.bentofile import Bentofile, list_targets, read_bentofile
from ekiben.deploy.example import read_examples
from ekiben.errors import BuildError
from tests.repo.paths import PROJECT
from tests.unit.deploy.conftest import BENTOFILE, CARD, write_files

if TYPE_CHECKING:
    from pathlib import Path


def test_the_platform_answers_what_its_services_do(project: Path, catalogue: Catalogue) -> None:
    write_files(project, {"bentofile.yaml": BENTOFILE})
    for target in ("toy", "platform"):
        (example,) = read_examples(read_bentofile(project, target), catalogue.served)
        assert (example.path, example.body, example.answer_has) == ("/v1/embeddings", {"input": "a"}, "embedding")


@pytest.mark.parametrize(
    "request_text",
    ["path: /v1\njson: {model: toy, input: a}\nanswer_has: x\n", "path: /v1\nfields: {model: toy}\nanswer_has: x\n"],
)
def test_another_model_is_asked_where_the_named_one_is_not(
    bentofile: Bentofile, project: Path, request_text: str
) -> None:
    write_files(project, {"services/toy/example.yaml": request_text, "models/text-embedding/a-toy.yaml": CARD})
    cards = load_catalogue(project / "models").served
    assert [example.model for example in read_examples(bentofile, cards)] == ["toy"]
    assert [example.model for example in read_examples(bentofile, cards[:1])] == ["a-toy"]
    assert read_examples(bentofile, ()) == ()


def test_a_service_without_one_is_refused(bentofile: Bentofile, project: Path, catalogue: Catalogue) -> None:
    (project / "services/toy/example.yaml").unlink()
    with pytest.raises(BuildError, match=r"example\.yaml cannot be read"):
        read_examples(bentofile, catalogue.served)


@pytest.mark.parametrize(
    "text", ["path: v1\nanswer_has: x\n", "path: /v1\n", "path: /v1\nanswer_has: x\nmethod: GET\n", "["]
)
def test_a_wrong_one_is_refused(bentofile: Bentofile, project: Path, catalogue: Catalogue, text: str) -> None:
    write_files(project, {"services/toy/example.yaml": text})
    with pytest.raises(BuildError, match=r"example\.yaml"):
        read_examples(bentofile, catalogue.served)


@pytest.mark.parametrize("target", list_targets(PROJECT))
def test_every_real_target_has_one_whose_files_are_there(target: str) -> None:
    bentofile, served = read_bentofile(PROJECT, target), load_catalogue(PROJECT / "models").served
    examples = read_examples(bentofile, served)
    assert bool(examples) == bool(bentofile.cards(served))
    assert all((PROJECT / path).is_file() for example in examples for path in example.files.values())


def test_nobody_there_is_no_answer(bentofile: Bentofile, project: Path, catalogue: Catalogue) -> None:
    (example,) = read_examples(bentofile, catalogue.served)
    with pytest.raises(BuildError, match="gave no answer"):
        example.ask("http://127.0.0.1:1", project)
