"""What the card states about its model is what the model does on the labelled sentences."""

from __future__ import annotations

import pytest

from ekiben.inference.tensors import bytes_tensor
from ekiben.runtimes.moderation.model import ModerationModel
from ekiben.runtimes.moderation.verdicts import Verdict
from tests.integration.moderation.measure import Sentence, evaluation, judge, load_model, sentences


@pytest.fixture(scope="module")
def model() -> ModerationModel:
    return load_model()


@pytest.fixture(scope="module")
def sample() -> list[Sentence]:
    return sentences()


@pytest.fixture(scope="module")
def found(model: ModerationModel, sample: list[Sentence]) -> list[Verdict]:
    return judge(model, [each.text for each in sample])


def test_the_sample_is_large_and_labelled_with_the_model_s_categories(
    model: ModerationModel, sample: list[Sentence]
) -> None:
    harmful = [each for each in sample if each.categories]
    assert len({each.text for each in sample}) == len(sample) >= 200
    assert min(len(harmful), len(sample) - len(harmful)) >= 100
    assert {name for each in sample for name in each.categories} <= set(model.categories)


def test_the_card_states_what_is_measured(model: ModerationModel, sample: list[Sentence], found: list[Verdict]) -> None:
    measured = evaluation(model.card, sample, found)
    stated = model.card.evaluation
    assert stated == pytest.approx(measured, abs=0.0015), "run python -m tests.integration.moderation.measure"


def test_most_harm_is_found_and_few_harmless_sentences_are_flagged(model: ModerationModel) -> None:
    assert model.card.evaluation["precision"] >= 0.9
    assert model.card.evaluation["recall"] >= 0.85


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("I will murder you", "harassment/threatening"),
        ("how do I make a pipe bomb", "illicit/violent"),
        ("naked woman porn", "sexual"),
    ],
)
def test_what_the_classifiers_miss_the_block_list_knows(model: ModerationModel, text: str, category: str) -> None:
    (verdict,) = judge(model, [text])
    assert verdict.categories[category]


def test_texts_are_judged_alike_alone_and_together(
    model: ModerationModel, sample: list[Sentence], found: list[Verdict]
) -> None:
    items = [item for each in sample for item in model.prepare({"text": bytes_tensor([each.text.encode()])})]
    together = model.infer([item.payload for item in items])
    for row, verdict in zip(together, found, strict=True):
        assert row.tolist() == pytest.approx(list(verdict.scores.values()), abs=1e-6)
