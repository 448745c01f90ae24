"""Precision and recall of a moderation model on the labelled sentences.

`python -m tests.integration.moderation.measure` prints them as the card's `evaluation` has them, and every mistake.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ekiben.cards.card import Card
from ekiben.cards.catalogue import load_catalogue
from ekiben.inference.tensors import bytes_tensor
from ekiben.runtimes.moderation.model import ModerationModel
from ekiben.runtimes.moderation.verdicts import Verdict, verdicts
from ekiben.settings import load_settings
from ekiben.weights.bento_store import ModelStore

PROJECT = Path(__file__).resolve().parents[3]
SENTENCES = PROJECT / "tests" / "data" / "moderation" / "sentences.jsonl"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text and what it should be flagged for."""

    text: str
    categories: frozenset[str]


def load_model() -> ModerationModel:
    """The project's own, from the model store."""
    card = load_catalogue(PROJECT / "models").get("moderation")
    return ModerationModel(card, ModelStore(load_settings().bentoml_home).path(card.tag), threads=1)


def sentences() -> list[Sentence]:
    """The labelled sample."""
    lines = map(json.loads, SENTENCES.read_text(encoding="utf-8").splitlines())
    return [Sentence(each["text"], frozenset(each["categories"])) for each in lines]


def judge(model: ModerationModel, texts: Sequence[str]) -> list[Verdict]:
    """Judge texts one by one."""
    found = []
    for text in texts:
        items = list(model.prepare({"text": bytes_tensor([text.encode()])}))
        found += verdicts(model.card, model.finish(items, model.infer([item.payload for item in items])))
    return found


def evaluation(card: Card, sample: Sequence[Sentence], found: Sequence[Verdict]) -> dict[str, float]:
    """Overall, where any flag counts, and by category; nothing where there is nothing to divide by."""
    assert card.moderation
    measured = _measure("", ((bool(each.categories), verdict.flagged) for each, verdict in _pairs(sample, found)))
    for name in card.moderation.categories:
        pairs = ((name in each.categories, verdict.categories[name]) for each, verdict in _pairs(sample, found))
        measured |= _measure(f".{name}", pairs)
    return measured


def _pairs(sample: Sequence[Sentence], found: Sequence[Verdict]) -> Iterable[tuple[Sentence, Verdict]]:
    return zip(sample, found, strict=True)


def _measure(suffix: str, pairs: Iterable[tuple[bool, bool]]) -> dict[str, float]:
    counted = list(pairs)
    hits = sum(wanted and got for wanted, got in counted)
    flagged, wanted = sum(got for _, got in counted), sum(wanted for wanted, _ in counted)
    measured = {f"precision{suffix}": hits / flagged} if flagged else {}
    measured |= {f"recall{suffix}": hits / wanted} if wanted else {}
    return {name: round(value, 3) for name, value in measured.items()}


def main() -> None:
    """Print the evaluation and every sentence whose verdict is wrong."""
    model, sample = load_model(), sentences()
    found = judge(model, [each.text for each in sample])
    print("evaluation:")  # noqa: T201
    for name, value in evaluation(model.card, sample, found).items():
        print(f"  {name}: {value}")  # noqa: T201
    for each, verdict in _pairs(sample, found):
        if verdict.flagged != bool(each.categories):
            got = [name for name, is_flagged in verdict.categories.items() if is_flagged]
            print(f"{each.text!r}: {sorted(each.categories)} → {got}")  # noqa: T201


if __name__ == "__main__":
    main()
