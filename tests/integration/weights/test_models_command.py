"""`ekiben models`, as a user runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ekiben.cards.catalogue import load_catalogue

if TYPE_CHECKING:
    from tests.integration.weights.conftest import Hub, Project

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CONTENT = bytes(range(256)) * 4096
STATED = {
    "config.json": b'{"hidden_size": 384, "max_position_embeddings": 512}',
    "sentence_bert_config.json": b'{"max_seq_length": 128}',
    "1_Pooling/config.json": b'{"pooling_mode_mean_tokens": true}',
    "tokenizer.json": b"{}",
}


@pytest.fixture
def sentence_model(hub: Hub) -> Hub:
    hub.files = {**STATED, "onnx/model.onnx": CONTENT, "onnx/model_int8.onnx": CONTENT[:1000]}
    hub.large = {"onnx/model.onnx", "onnx/model_int8.onnx"}
    return hub


class TestList:
    def test_a_table(self, locked: Project) -> None:
        locked.card("hf:org/Tiny_Model@main/onnx/model.onnx", "later")
        status, output, errors = locked.run("list")
        assert (status, errors) == (0, "")
        assert [line.split() for line in output.splitlines()] == [
            ["NAME", "TASK", "VERSION", "PRECISION", "SIZE", "STATE", "LICENCE"],
            ["later", "text-embedding", "1.0.0", "fp32", "–", "template", "MIT"],
            ["toy", "text-embedding", "1.0.0", "fp32", "1.0", "MiB", "not", "pulled", "MIT"],
        ]

    def test_json(self, locked: Project) -> None:
        locked.run("pull")
        _, output, _ = locked.run("list", "--json")
        assert json.loads(output) == [
            {
                "name": "toy",
                "task": "text-embedding",
                "version": "1.0.0",
                "precision": "fp32",
                "size_bytes": 1048576,
                "state": "stored",
                "licence": "MIT",
            }
        ]

    def test_it_imports_little(self, locked: Project) -> None:
        locked.environment["PYTHONPROFILEIMPORTTIME"] = "1"
        _, _, errors = locked.run("list")
        imported = {line.rpartition("|")[2].strip() for line in errors.splitlines()}
        assert "ekiben.cards.catalogue" in imported
        assert imported.isdisjoint({"bentoml", "onnx", "onnxruntime", "numpy", "boto3", "torch"})

    def test_a_bad_card_is_one_clear_fault(self, locked: Project) -> None:
        path = locked.models / "text-embedding" / "toy.yaml"
        path.write_text(path.read_text().replace("precision:", "precison:"))
        status, _, errors = locked.run("list")
        assert status == 1
        assert f"{path}:4: precison: unknown key; did you mean 'precision'?" in errors


class TestVerify:
    def test_all_is_well(self, locked: Project) -> None:
        locked.run("pull")
        assert locked.run("verify")[:2] == (0, "toy:1.0.0 is as the lock says\n")

    def test_a_changed_byte(self, locked: Project) -> None:
        locked.run("pull")
        path = locked.home / "models" / "toy" / "1.0.0" / "model.onnx"
        path.write_bytes(b"x" + CONTENT[1:])
        assert locked.run("list")[0] == 0
        status, _, errors = locked.run("verify", "toy")
        assert status == 1
        assert errors.startswith("ekiben: toy: model.onnx: expected 1048576 bytes")


def test_show(locked: Project) -> None:
    locked.run("pull")
    _, output, _ = locked.run("show", "toy")
    shown = json.loads(output)
    assert shown["card"]["batch"]["max_cost"] == 8
    assert shown["lock"]["stored"]["model.onnx"]["size_bytes"] == 1048576
    assert shown["stored_path"] == f"{locked.home}/models/toy/1.0.0"


class TestAdd:
    def test_a_card_and_its_lock_are_written(self, project: Project, sentence_model: Hub) -> None:
        status, output, errors = project.run("add", "hf:org/Tiny_Model")
        assert status == 0, errors
        assert output.endswith("run: ekiben models pull tiny-model\n")
        card = load_catalogue(project.models).get("tiny-model")
        assert card.source.files["model.onnx"] == f"hf:org/Tiny_Model@{COMMIT}/onnx/model.onnx"
        assert (card.inputs.max_tokens, card.inputs.dimensions) == (128, 384)
        assert card.licence.weights == "Apache-2.0"
        # The weights themselves were not fetched: the hub knows their digest.
        assert sentence_model.storage_seen == []
        status, _, errors = project.run("pull", "tiny-model")
        assert status == 0, errors

    def test_a_chosen_file(self, project: Project, sentence_model: Hub) -> None:
        assert sentence_model.endpoint
        status, _, errors = project.run(
            "add", "hf:org/Tiny_Model@main", "--file", "onnx/model_int8.onnx", "--name", "small", "--licence", "MIT"
        )
        assert status == 0, errors
        card = load_catalogue(project.models).get("small")
        assert (card.precision, card.licence.weights) == ("int8", "MIT")
        assert card.source.files["model.onnx"].endswith("/onnx/model_int8.onnx")

    def test_nothing_is_overwritten(self, project: Project, sentence_model: Hub) -> None:
        assert sentence_model.endpoint
        project.run("add", "hf:org/Tiny_Model")
        before = {path: path.read_bytes() for path in project.models.rglob("*") if path.is_file()}
        status, _, errors = project.run("add", "hf:org/Tiny_Model")
        assert status == 1
        assert "tiny-model is a card already; choose another name with --name" in errors
        assert {path: path.read_bytes() for path in project.models.rglob("*") if path.is_file()} == before

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"pipeline": None}, "its task is not clear (the hub says nothing); name one with --task"),
            ({"pipeline": "image-classification"}, "write it by hand"),
            ({"tags": []}, "the hub states no licence"),
            ({"files": {**STATED}}, "choose one ONNX file with --file; there are: none"),
            ({"files": {**STATED, "onnx/a.onnx": b"", "b.onnx": b""}}, "there are: b.onnx, onnx/a.onnx"),
            ({"files": {**STATED, "model.onnx": b"", "1_Pooling/config.json": b"{}"}}, "are averaged"),
            ({"files": {**STATED, "model.onnx": b"", "config.json": b"["}}, "does not state hidden_size"),
            ({"token": "secret"}, "set HF_TOKEN"),
        ],
    )
    def test_what_is_not_stated_is_not_guessed(
        self, project: Project, sentence_model: Hub, change: dict[str, object], reason: str
    ) -> None:
        for key, value in change.items():
            setattr(sentence_model, key, value)
        sentence_model.large &= set(sentence_model.files)
        status, _, errors = project.run("add", "hf:org/Tiny_Model")
        assert status == 1
        assert reason in errors
        assert [path for path in project.models.rglob("*") if path.is_file()] == []

    @pytest.mark.parametrize(
        ("reference", "reason"),
        [("org/Tiny_Model", "is not hf:owner/name"), ("hf:org/none", "no such file, repository or revision")],
    )
    def test_an_unknown_repository(self, project: Project, reference: str, reason: str) -> None:
        status, _, errors = project.run("add", reference)
        assert status == 1
        assert reason in errors


class TestPin:
    def test_a_template_becomes_a_card(self, project: Project, sentence_model: Hub) -> None:
        assert sentence_model.endpoint
        project.card("hf:org/Tiny_Model@main/onnx/model.onnx # a comment", "later")
        assert "ekiben models pin later" in project.run("pull", "later")[2]
        status, _, errors = project.run("pin", "later")
        assert status == 0, errors
        text = (project.models / "text-embedding" / "later.yaml").read_text()
        assert f"hf:org/Tiny_Model@{COMMIT}/onnx/model.onnx # a comment" in text
        status, _, errors = project.run("pull", "later")
        assert status == 0, errors

    def test_a_card_is_pinned_once(self, locked: Project) -> None:
        assert "every source is pinned already" in locked.run("pin", "toy")[2]
