from __future__ import annotations

import pytest

from ekiben.cards.catalogue import load_card
from ekiben.errors import CardError
from tests.unit.cards.conftest import WriteCard

SECTION = """\
moderation:
  classifiers:
    - kind: block-list
      file: list.txt
      categories: [spam, harassment]
    - kind: sequence
      classes: [toxic, other]
      link: sigmoid
      categories: {toxic: harassment}
    - kind: open-nsfw
      model: nsfw.onnx
      categories: {nsfw: sexual}
  thresholds: {spam: 0.5, harassment: 0.5, sexual: 0.8}
"""


@pytest.fixture
def section(write_card: WriteCard, card_text: str) -> str:
    write_card("[spam]\nbuy\n", "list.txt", "moderation")
    return card_text + SECTION


def test_categories_are_openai_s_first_and_by_what_they_are_found_in(section: str, write_card: WriteCard) -> None:
    card = load_card(write_card(section, task="moderation"))
    assert card.moderation
    assert card.moderation.categories == ("harassment", "sexual", "spam")
    assert card.moderation.judged("text") == {"harassment", "spam"}
    assert card.moderation.judged("image") == {"sexual"}
    assert card.moderation.files == ("list.txt",)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("spam: 0.5, ", "", "'spam' has none"),
        ("spam: 0.5", "spam: 0.5, hate: 0.5", "no classifier finds 'hate'"),
        ("spam: 0.5", "spam: 1.5", "thresholds.spam"),
        ("{toxic: harassment}", "{toxik: harassment}", "'toxik' is not one of the classes"),
        ("{toxic: harassment}", "{toxic: Harassment!}", "toxic"),
        ("file: list.txt", "file: ../list.txt", "file"),
        ("file: list.txt", "file: other.txt", "no such file 'other.txt' beside the card"),
        ("kind: block-list", "kind: blocklist", "kind"),
        ("link: sigmoid", "link: tanh", "link"),
        (SECTION, "", "moderation is required"),
    ],
)
def test_a_fault_is_told(section: str, write_card: WriteCard, old: str, new: str, fault: str) -> None:
    assert old in section
    with pytest.raises(CardError, match=fault):
        load_card(write_card(section.replace(old, new), task="moderation"))
