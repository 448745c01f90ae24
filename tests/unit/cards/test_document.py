from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekiben.cards.document import MAX_BYTES, read_document
from ekiben.errors import CardError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "card.yaml"


def test_values_and_lines(path: Path) -> None:
    path.write_text("a: 1\nb:\n  c: [x, 2.5]\n  d: true\n")
    document = read_document(path)
    assert document.values == {"a": 1, "b": {"c": ["x", 2.5], "d": True}}
    assert document.line_of(("b", "d")) == 4
    assert document.line_of(("b", "c", 1)) == 3
    assert document.line_of(("b", "missing")) == 2
    assert document.line_of(()) == 1


def test_a_date_stays_text(path: Path) -> None:
    path.write_text("when: 2026-11-21\n")
    assert read_document(path).values == {"when": "2026-11-21"}


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "a: is given twice (first on line 1)"),
        ("x:\n  a: 1\n  a: 1\n", 3, "x.a: is given twice"),
        ("a: &b 1\n", 1, "anchors and aliases are not allowed"),
        ("a: 1\nb: *c\n", 2, "anchors and aliases are not allowed"),
        ("a: !!python/object/apply:os.system [id]\n", 1, "tags are not allowed"),
        ("a: [1\nb: 2\n", 2, "not valid YAML"),
        ("- a\n", 1, "must be a mapping of fields"),
        ("", 1, "must be a mapping of fields"),
        ("? [a, b]\n: 1\n", 1, "keys must be plain text"),
        ("a: 1\n---\nb: 2\n", 2, "not valid YAML"),
        ("a: " + "[" * 50 + "]" * 50, 1, "is nested deeper than 20 levels"),
        ("a: " + "[" * 100_000, 1, "is nested deeper than 20 levels"),
    ],
)
def test_refusals_name_the_line(path: Path, text: str, line: int, reason: str) -> None:
    path.write_text(text)
    with pytest.raises(CardError) as caught:
        read_document(path)
    assert caught.value.message.startswith(f"{path}:{line}: ")
    assert reason in caught.value.message


def test_an_alias_bomb_is_refused_before_it_grows(path: Path) -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    path.write_text("\n".join(levels))
    with pytest.raises(CardError, match="anchors and aliases"):
        read_document(path)


def test_a_large_file_is_refused(path: Path) -> None:
    path.write_text("# " + "x" * MAX_BYTES)
    with pytest.raises(CardError, match="larger than 256 KiB"):
        read_document(path)


def test_a_file_that_is_no_text_is_refused(path: Path) -> None:
    path.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(CardError, match=r":2: is not UTF-8"):
        read_document(path)


def test_a_missing_file_is_refused(path: Path) -> None:
    with pytest.raises(CardError, match="cannot be read: No such file"):
        read_document(path)


@given(st.text(alphabet=st.sampled_from("ab:-[]{}&*!|>'\"#%@`,? \n\t0.~"), max_size=60))
def test_any_text_is_read_or_refused_plainly(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text)
    try:
        said = str(read_document(path).path)
    except CardError as error:
        said = error.message
    assert said.startswith(str(path))
