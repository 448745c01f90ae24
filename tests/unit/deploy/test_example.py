from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ekiben.deploy.bentofile import Bentofile, list_targets, read_bentofile
from ekiben.deploy.example import read_examples
from ekiben.errors import BuildError
from tests.repo.paths import PROJECT
from tests.unit.deploy.conftest import BENTOFILE, write_files

if TYPE_CHECKING:
    from pathlib import Path


def test_the_platform_answers_what_its_services_do(project: Path) -> None:
    write_files(project, {"bentofile.yaml": BENTOFILE})
    for target in ("toy", "platform"):
        (example,) = read_examples(read_bentofile(project, target))
        assert (example.path, example.body, example.answer_has) == ("/v1/embeddings", {"input": "a"}, "embedding")


def test_a_service_without_one_is_refused(bentofile: Bentofile, project: Path) -> None:
    (project / "services/toy/example.yaml").unlink()
    with pytest.raises(BuildError, match=r"example\.yaml cannot be read"):
        read_examples(bentofile)


@pytest.mark.parametrize(
    "text", ["path: v1\nanswer_has: x\n", "path: /v1\n", "path: /v1\nanswer_has: x\nmethod: GET\n", "["]
)
def test_a_wrong_one_is_refused(bentofile: Bentofile, project: Path, text: str) -> None:
    write_files(project, {"services/toy/example.yaml": text})
    with pytest.raises(BuildError, match=r"example\.yaml"):
        read_examples(bentofile)


@pytest.mark.parametrize("target", list_targets(PROJECT))
def test_every_real_target_has_one_whose_files_are_there(target: str) -> None:
    examples = read_examples(read_bentofile(PROJECT, target))
    assert examples
    assert all((PROJECT / path).is_file() for example in examples for path in example.files.values())


def test_nobody_there_is_no_answer(bentofile: Bentofile, project: Path) -> None:
    (example,) = read_examples(bentofile)
    with pytest.raises(BuildError, match="gave no answer"):
        example.ask("http://127.0.0.1:1", project)
