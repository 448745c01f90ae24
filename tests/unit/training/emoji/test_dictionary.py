from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.emoji.dictionary import read_dictionary

# As WordNet writes it: a licence, indented; senses by their offset; synonyms; pointers, of which `@` is the kind.
DATA = """\
  1 This software and database is being provided to you
00000001 05 n 02 cat 0 true_cat 0 002 @ 00000002 n 0000 ~ 00000003 n 0000 | feline mammal; "cats purr"
00000002 05 n 01 feline 0 001 @ 00000009 n 0000 | a mammal of the cat family
00000003 05 n 02 kitty 0 pussycat 0 001 @ 00000001 n 0000 | informal terms for a cat
00000004 21 n 01 kitty 1 000 | the pool of stakes
00000009 03 n 01 mammal 0 000 | an animal
"""
INDEX = """\
  1 This software and database is being provided to you
cat n 1 2 @ ~ 1 1 00000001
kitty n 2 1 @ 2 0 00000003 00000004
true_cat n 1 1 @ 1 0 00000001
"""


def test_a_word_is_described_by_its_senses(tmp_path: Path) -> None:
    (tmp_path / "data.noun").write_text(DATA)
    (tmp_path / "index.noun").write_text(INDEX)
    (tmp_path / "counts.json").write_text(json.dumps([{"word": "Kitty", "count": 9}, {"word": "kitty", "count": 3}]))
    found = read_dictionary(tmp_path, tmp_path / "counts.json")
    assert found.senses == {"cat": ["00000001"], "kitty": ["00000003", "00000004"], "true_cat": ["00000001"]}
    assert found.descriptions["00000001"] == "cat, true cat, a kind of feline: feline mammal"
    assert found.descriptions["00000004"] == "kitty: the pool of stakes"
    assert found.above("kitty") == pytest.approx(
        {"00000003": 0.95, "00000004": 0.95, "00000001": 0.85, "00000002": 0.75}
    )
    assert found.meaning("true cat") == "00000001"
    assert found.meaning("dog") is None
    assert found.counts == {"kitty": 9}
