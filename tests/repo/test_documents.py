"""What the documents name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.repo.paths import PROJECT

_DOCUMENTS = sorted(
    [PROJECT / "README.md", *(path for folder in ("docs", "deploy") for path in (PROJECT / folder).rglob("*.md"))]
)
_TOP = r"(?:src|services|models|scripts|tests|docs|locks|benchmarks|training|deploy|\.ci)"
# A path in prose or code: it begins with one of the repository's folders. `<name>` and `*` make it a pattern.
_PATH = re.compile(rf"(?<![\w/.<-])({_TOP}/[\w./<>*{{}},-]*[\w>*}}/])")
_LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_every_path_named_exists(document: Path) -> None:
    named = set(_PATH.findall(document.read_text(encoding="utf-8")))
    missing = []
    for path in named:
        pattern = re.sub(r"<[^>]*>", "*", path.rstrip("/."))
        if not (PROJECT / pattern).exists() and not any(PROJECT.glob(pattern)):
            missing.append(path)
    assert sorted(missing) == []


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_every_link_leads_somewhere(document: Path) -> None:
    links = _LINK.findall(document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_decision_records_are_numbered_without_gaps_and_have_the_same_parts() -> None:
    records = sorted((PROJECT / "docs" / "decisions").glob("*.md"))
    assert [path.name[:4] for path in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
    for record in records:
        text = record.read_text(encoding="utf-8")
        assert re.match(rf"# {record.name[:4]}: .+\n", text), record.name
        for part in ("## Situation", "## Decision", "## Consequences"):
            assert part in text, f"{record.name} lacks {part}"
