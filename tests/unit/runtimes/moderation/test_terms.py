from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ekiben.cards.card import Session
from ekiben.cards.moderation import PromptInjection, Terms
from ekiben.conversion.term_graph import BlockWeights, build_term_graph
from ekiben.errors import WeightsError
from ekiben.inference.term_classifier import TermBlock, TermClassifierFile
from ekiben.runtimes.moderation.injection import Injection
from ekiben.runtimes.moderation.profanity import Profanity
from ekiben.runtimes.moderation.terms import TermModel, characters_of, words_of

WORDS = TermBlock(analyzer="words", shortest=1, longest=2, sublinear=True, terms=("attack", "leak", "calm"))
WEIGHTS = np.array([[-3.0, 4.0, 0.0], [-3.0, 0.0, 4.0], [9.0, 0.0, 0.0]])


def characters(longest: int) -> TermBlock:
    return TermBlock(analyzer="characters", shortest=3, longest=longest, sublinear=True, terms=())


def test_words_are_two_characters_or_more() -> None:
    assert list(words_of("I am A test, don't!", WORDS)) == ["am", "test", "don", "am test", "test don"]


@pytest.mark.parametrize(
    ("text", "longest", "terms"),
    [
        ("a", 5, [" a "]),
        ("ab", 5, [" ab", "ab ", " ab "]),
        ("AB c", 3, [" ab", "ab ", " c "]),
        ("", 5, []),
    ],
)
def test_pieces_of_words(text: str, longest: int, terms: list[str]) -> None:
    assert list(characters_of(text, characters(longest))) == terms


@pytest.fixture
def files(tmp_path: Path) -> Path:
    described = TermClassifierFile(
        classes=("benign", "attack", "leak"), benign="benign", threshold=0.6, window_threshold=0.9, blocks=(WORDS,)
    )
    (tmp_path / "m.json").write_text(described.model_dump_json())
    blocks = [BlockWeights(WORDS, np.ones(3), WEIGHTS)]
    bias: NDArray[np.float64] = np.array([2.0, 0.0, 0.0])
    (tmp_path / "m.onnx").write_bytes(build_term_graph("m", blocks, bias, "softmax"))
    return tmp_path


@pytest.fixture
def model(files: Path) -> TermModel:
    return TermModel(files, "m", Session(), threads=1)


def test_frequencies_are_damped(model: TermModel) -> None:
    (counts,) = model.count("attack ATTACK attack leak calm other")
    assert counts.columns.tolist() == [0, 1, 2]
    assert counts.frequencies.tolist() == pytest.approx([1 + np.log(3), 1, 1])


def test_texts_are_judged_alike_alone_and_together(model: TermModel) -> None:
    texts = ["attack", "", "nothing known", "leak leak attack"]
    together = model.probabilities([model.count(text) for text in texts])
    assert together.shape == (4, 3)
    for text, row in zip(texts, together, strict=True):
        np.testing.assert_allclose(model.probabilities([model.count(text)])[0], row, atol=1e-7)
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-6)


def test_whole_texts(model: TermModel) -> None:
    classifier = Profanity(Terms(kind="terms", model="m", categories={"attack": "jailbreak"}), model)
    prepared = [classifier.prepare(text) for text in ("attack", "fine")]
    attack, fine = classifier.infer([each.payload for each in prepared])
    assert set(attack) == {"jailbreak"}
    assert attack["jailbreak"] > 0.8 > 0.3 > fine["jailbreak"]


@pytest.fixture
def injection(model: TermModel) -> Injection:
    mapped = {"attack": "jailbreak", "leak": "data-exfiltration"}
    return Injection(PromptInjection(kind="prompt-injection", model="m", categories=mapped), model)


def test_the_part_that_is_harmful_enough_decides(injection: Injection) -> None:
    padding = "calm words that say no leak and calm. " * 10
    hidden = f"{padding}\nattack\n{padding}"
    payloads = [injection.prepare(text).payload for text in ("attack", "fine", padding, hidden)]
    plain, fine, mixed, found = injection.verdicts(payloads)
    assert found == plain
    assert (plain.attack, plain.harm > 0.9) == ("attack", True)
    assert fine.harm < 0.3
    # A part below the higher threshold leaves the verdict to the whole.
    assert mixed.harm == injection.verdicts([[payloads[2][0]]])[0].harm


def test_the_likeliest_attack_scores_the_probability_of_any(injection: Injection) -> None:
    (verdict,) = injection.verdicts([injection.prepare("attack leak").payload])
    (scores,) = injection.infer([injection.prepare("attack leak").payload])
    assert scores == {
        "jailbreak": pytest.approx(verdict.harm),
        "data-exfiltration": pytest.approx(verdict.probabilities["leak"]),
    }


def test_long_texts_cost_more(injection: Injection) -> None:
    assert [injection.prepare(text).cost for text in ("short", "word " * 1_000)] == [1, 3]


@pytest.mark.parametrize("content", ["", "{", "{}", '{"classes": ["a"], "blocks": [], "more": 1}'])
def test_another_file_is_refused(files: Path, content: str) -> None:
    (files / "m.json").write_text(content)
    with pytest.raises(WeightsError, match=r"m\.json"):
        TermModel(files, "m", Session(), threads=1)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"m\.json: No such file"):
        TermModel(tmp_path, "m", Session(), threads=1)
