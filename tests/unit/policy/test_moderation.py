from __future__ import annotations

import re
from pathlib import Path

import pytest

from ekiben.cards.card import Card
from ekiben.cards.catalogue import load_catalogue
from ekiben.errors import ConfigurationError
from ekiben.policy.moderation import ROUTES, load_policy
from ekiben.testing import toy_card, toy_moderation_card

PROJECT = Path(__file__).parents[3]
CARDS = (toy_card(), toy_moderation_card())


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_no_file_is_no_policy() -> None:
    assert load_policy(None, CARDS) is None


@pytest.mark.parametrize("action", ["off", "'off'", "{}"])
def test_off_is_nothing(tmp_path: Path, action: str) -> None:
    policy = load_policy(written(tmp_path / "p", f"routes: {{/v1/embeddings: {{input: {action}}}}}"), CARDS)
    assert policy
    assert policy.rule("/v1/embeddings", "input") is None
    assert policy.rule("/v1/embeddings", "output") is None
    assert policy.rule("/v1/other", "input") is None


def test_a_word_stands_for_every_category(tmp_path: Path) -> None:
    policy = load_policy(written(tmp_path / "p", "routes: {/v1/embeddings: {input: block}, /v2: {input: flag}}"), CARDS)
    assert policy
    assert policy.model == "toy-moderation"
    block, flag = policy.rule("/v1/embeddings", "input"), policy.rule("/v2/models/{model}/infer", "input")
    assert block
    assert flag
    assert (block.refused(["spam"]), block.noted(["spam"]), block.blocks) == (["spam"], [], True)
    assert (flag.refused(["spam"]), flag.noted(["spam"]), flag.blocks) == ([], ["spam"], False)


def test_categories_by_name(tmp_path: Path) -> None:
    text = "routes:\n  /v1/embeddings:\n    input:\n      block: [spam]\n      flag: [harassment]\n"
    policy = load_policy(written(tmp_path / "p", text), CARDS)
    assert policy
    rule = policy.rule("/v1/embeddings", "input")
    assert rule
    found = ["harassment", "spam"]
    assert (rule.refused(found), rule.noted(found)) == (["spam"], ["harassment"])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("routes:\n  /v1/nothing: {input: block}\n", r"p:2: routes./v1/nothing: is not checked"),
        ("routes:\n  /v1/embeddings:\n    output: block\n", r"p:3: .*has no output to check"),
        ("routes:\n  /v1/embeddings:\n    input: stop\n", r"p:3: routes./v1/embeddings.input"),
        ("routes:\n  /v1/embeddings:\n    inptu: block\n", r"p:3: routes./v1/embeddings.inptu: unknown key"),
        ("routes:\n  /v1/embeddings:\n    input:\n      block: [murder]\n", r"p:4: .*'murder' is no category"),
        ("routes:\n  /v1/embeddings:\n    input:\n      block: []\n", r"p:4: routes./v1/embeddings.input.block"),
        ("routes:\n  /v1/embeddings:\n    input:\n      block: some\n", r"p:4: routes./v1/embeddings.input.block"),
        ("model: toy\nroutes: {}\n", r"p:1: model: no such moderation model"),
        ("model: toy-moderation\n", r"p:1: routes: Field required"),
        ("routes: [\n", r"p:2: not valid YAML"),
        ("a: 1\nroutes: {}\n", r"p:1: a: unknown key"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(ConfigurationError, match=fault):
        load_policy(written(tmp_path / "p", text), CARDS)


@pytest.mark.parametrize("cards", [[], [toy_card()]])
def test_a_policy_without_a_model_to_judge(tmp_path: Path, cards: list[Card]) -> None:
    with pytest.raises(ConfigurationError, match="there are: none"):
        load_policy(written(tmp_path / "p", "routes: {}"), cards)


def test_the_example_in_the_documentation_is_one(tmp_path: Path) -> None:
    document = (PROJECT / "docs" / "moderation.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", document, re.DOTALL)
    policy = load_policy(written(tmp_path / "p", example), load_catalogue(PROJECT / "models").served)
    assert policy
    assert set(policy.routes) <= set(ROUTES)
