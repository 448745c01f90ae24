from __future__ import annotations

from pathlib import Path

import pytest

from ekiben.cards.card import Card, Licence
from ekiben.errors import WeightsError
from ekiben.testing.embedding import toy_card
from ekiben.weights.acceptance import FILE, Acceptances


def _restricted(why: str = "non-commercial use", name: str = "toy") -> Card:
    return toy_card(name, licence=Licence(code="MIT", weights="Own", restricted=why))


def test_an_open_licence_is_never_asked_for(tmp_path: Path) -> None:
    Acceptances(tmp_path).check(toy_card())
    assert not (tmp_path / FILE).exists()


def test_a_restricted_one_is_refused_with_the_command_that_accepts_it(tmp_path: Path) -> None:
    with pytest.raises(WeightsError) as refused:
        Acceptances(tmp_path).check(_restricted())
    assert refused.value.message == (
        "toy: its weights are restricted: non-commercial use (Own);"
        " if that is what you do, run: ekiben models pull toy --accept-licence toy"
    )


def test_accepted_once_is_remembered_beside_others(tmp_path: Path) -> None:
    for name in ("toy", "other"):
        Acceptances(tmp_path).accept(_restricted(name=name))
    for name in ("toy", "other"):
        Acceptances(tmp_path).check(_restricted(name=name))


def test_other_words_are_asked_for_again(tmp_path: Path) -> None:
    acceptances = Acceptances(tmp_path)
    acceptances.accept(_restricted())
    assert not acceptances.covers(_restricted("research alone"))


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff"])
def test_a_damaged_record_accepts_nothing(tmp_path: Path, content: bytes) -> None:
    acceptances = Acceptances(tmp_path)
    acceptances.accept(_restricted())
    (tmp_path / FILE).write_bytes(content)
    assert not acceptances.covers(_restricted())
    acceptances.accept(_restricted())
    assert acceptances.covers(_restricted())
