from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekiben.runtimes.moderation.confusables import LEET, LOOK_ALIKE
from ekiben.runtimes.moderation.folding import fold


@pytest.mark.parametrize(
    "written",
    [
        "IDIOT",
        "ｉｄｉｏｔ",
        "𝓲𝓭𝓲𝓸𝓽",
        "ⓘⓓⓘⓞⓣ",
        "ídïöţ",
        "i\u0336d\u0336i\u0336o\u0336t\u0336",
        "i\u200bd\u200ci\u200do\u2060t",
        "id\u00adiot",
        "іdіоt",
        "IDІОТ",
        "ιdιοτ",
        "ɪᴅɪᴏᴛ",
        "ı\u0307dıot",
        "\u202eidiot",
        "idiot\ufe0f",
        "id\u3164i\uffa0o\u115ft",
        "id\x00i\x7fo\x1bt",
        "\x08idiot",
        "\U000e0041idiot",
        "🅸🅳🅸🅞🅃",
        "🇮🇩🇮🇴🇹",
        "ᎥᎠᎥⲟᎢ",
        "iԁіօt",
    ],
)
def test_what_looks_the_same_is_the_same(written: str) -> None:
    assert fold(written) == "idiot"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("yօurself", "yourself"),
        ("yoսrself", "yourself"),
        ("Ꮶill", "kill"),
        ("ⲕill", "kill"),
        ("kiꓡꓡ", "kill"),
        ("🅺🅸🅻🅻", "kill"),
        ("kɨll", "kill"),
        ("ꓲꓓꓲꓳꓔ", "1d1ot"),  # Read as letters when words are compared.
        ("ĸill", "kill"),
        ("k\x01ill", "kill"),
    ],
)
def test_letters_of_rarer_scripts(written: str, read: str) -> None:
    assert fold(written) == read


def test_control_characters_that_are_white_space_part_words() -> None:
    assert fold("one\ttwo\r\nthree") == "one\ttwo\r\nthree"


def test_other_text_keeps_its_words_apart() -> None:
    assert fold("Das große Haus, straße 5") == "das grosse haus, strasse 5"
    assert fold("猫 と 犬") == "猫 と 犬"
    assert fold("مرحبا بالعالم").split() == [fold("مرحبا"), fold("بالعالم")]


@given(st.text(max_size=40))
def test_a_folded_text_stays_as_it_is(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_the_tables_lead_to_plain_letters() -> None:
    assert all(len(key) == 1 and value.isascii() and value.isalnum() for key, value in LOOK_ALIKE.items())
    assert all(unicodedata.normalize("NFKC", key.casefold()) == key for key in LOOK_ALIKE)
    assert all(value.isascii() and value.isalpha() for value in LEET.values())
