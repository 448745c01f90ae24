from __future__ import annotations

from pathlib import Path

from ekiben.inference.prompt_match import PromptMatch, read_known_words
from training.emoji.known_words import FILE, write_known_words
from training.emoji.prepared import Prepared


def test_the_server_reads_what_the_model_knows(prepared: Prepared, tmp_path: Path) -> None:
    write_known_words(prepared, tmp_path)
    known = read_known_words(tmp_path / FILE)
    assert known.match("please draw me a red apple") == PromptMatch(1.0, ("apple",))
    assert known.match("a pippin").things == ("apple",)
    assert 0.5 < known.match("a pippin").score < 1
    assert known.match("a motorcar") == PromptMatch(1.0, ("car",))
    assert known.match("an image of a theorem") == PromptMatch(0.0, (), ("theorem",))
