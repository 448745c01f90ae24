from __future__ import annotations

import pytest

from ekiben.errors import WeightsError
from ekiben.weights.hub import Hub
from ekiben.weights.repository import Repository
from ekiben.weights.stated_licence import StatedLicence, stated_licence


def _repository(licence: str | None) -> Repository:
    return Repository(Hub("http://127.0.0.1"), "org/model", "0" * 40, licence=licence)


@pytest.mark.parametrize(
    ("said", "name", "is_restricted"),
    [
        ("apache-2.0", "Apache-2.0", False),
        ("openrail++", "CreativeML Open RAIL++-M", False),
        ("cc-by-nc-4.0", "cc-by-nc-4.0", True),
        ("sai-nc-community, https://example.org/LICENSE.md", "sai-nc-community, https://example.org/LICENSE.md", True),
        ("other", "other", True),
    ],
)
def test_the_hubs_word(said: str, name: str, is_restricted: bool) -> None:
    stated = stated_licence(_repository(said), None)
    assert (stated.name, stated.restricted is not None) == (name, is_restricted)


def test_the_users_word_goes_first() -> None:
    assert stated_licence(_repository("other"), "BSD-2-Clause") == StatedLicence("BSD-2-Clause")


def test_no_word_at_all() -> None:
    with pytest.raises(WeightsError, match="--licence"):
        stated_licence(_repository(None), None)


def test_lines_of_a_card() -> None:
    assert StatedLicence("Own: 1", 'say "no"').lines(code="MIT").splitlines() == [
        "  code: MIT",
        '  weights: "Own: 1"',
        '  restricted: "say no "',
    ]
