from __future__ import annotations

from pathlib import Path

import pytest

from ekiben.errors import CardError
from ekiben.runtimes.moderation.block_list_file import read_block_list


def read(folder: Path, text: str | bytes) -> list[tuple[str, str]]:
    path = folder / "list.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    found = read_block_list(path, ("spam", "hate/threatening"))
    return [
        (entry.category, " ".join(f"{'…' * w.after_gap}{w.word.letters}{'*' * w.open_end}" for w in entry.words))
        for entry in found.entries
    ]


def test_entries(tmp_path: Path) -> None:
    text = """
    # a comment
    [spam]
    buy now   # why
    (cheap|free) pill*
    win ... (a car|money)
    don't wait
    [hate/threatening]
    Ünïcode
    """
    assert read(tmp_path, text) == [
        ("spam", "buy now"),
        ("spam", "cheap pil*"),
        ("spam", "fre pil*"),
        ("spam", "win …a car"),
        ("spam", "win …money"),
        ("spam", "don t wait"),
        ("hate/threatening", "unicode"),
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[sapm]\n", r":1: .*no category 'sapm'"),
        ("word\n", r":1: .*before the first"),
        ("[spam]\n...\n", r":2: '\.\.\.' stands between words"),
        ("[spam]\na ...\n", r":2: an entry begins and ends with a word"),
        ("[spam]\na ... ... b\n", r":2: '\.\.\.' stands between words"),
        ("[spam]\n(a|b\n", r":2: .*bracket"),
        ("[spam]\n*\n", r":2: '\*' is not a word"),
        ("[spam]\na*b\n", r":2: 'a\*b' is not a word"),
        ("[spam]\n" + "(a|b|c|d|e|f|g|h|i|j) " * 4 + "\n", r":2: stands for 10000 phrases"),
        (b"[spam]\n\xff\n", r":1: cannot be read"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, text: str | bytes, fault: str) -> None:
    with pytest.raises(CardError, match=fault):
        read(tmp_path, text)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"none\.txt:1: cannot be read"):
        read_block_list(tmp_path / "none.txt", ())
