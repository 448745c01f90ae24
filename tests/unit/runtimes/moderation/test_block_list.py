from __future__ import annotations

from pathlib import Path

import pytest

from ekiben.runtimes.moderation.block_list import BlockList
from ekiben.runtimes.moderation.block_list_file import read_block_list

LIST = """\
[harassment]
kill yourself
idiot*
fuck
ass
cunt
[illicit]
(make|build) ... (bomb|bombs)
бомба
the rapist
god damn
[allow]
scunthorpe
"""


@pytest.fixture
def block_list(tmp_path: Path) -> BlockList:
    path = tmp_path / "list.txt"
    path.write_text(LIST, encoding="utf-8")
    return BlockList(read_block_list(path, ("harassment", "illicit")))


@pytest.mark.parametrize(
    "text",
    [
        "kill yourself",
        "KILL   YOURSELF!",
        "kill, yourself",
        "kiiilll yourseeelf",
        "k1ll y0ur$elf",
        "kіll уоursеlf",
        "ki\u200bll your\u200bself",
        "k i l l  y o u r s e l f",
        "k.i.l.l y.o.u.r.s.e.l.f",
        "k i l l y o u r s e l f",
        "just kill yourself now",
        "you idiot",
        "idiotic",
        "1d10t",
        "what an @ss",
        "a55",
        "aaasss",
        "fuuuuuck",
        "F.U.C.K. this",
        "fück",
        "kiꓡꓡ yօurself",
        "🅺🅸🅻🅻 yoսrself",
        "an ꓲꓓꓲꓳꓔ",
        "k\x01ill yourself",
    ],
)
def test_hits_however_they_are_written(block_list: BlockList, text: str) -> None:
    assert block_list.hits(text) == {"harassment"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "Scunthorpe United",
        "assess the class, as passengers pass",
        "as",
        "yourself, kill",
        "skill yourself up",
        "killed yourself",
        "455 Main Street",
        "a therapist",
        "good dam",
        "A S A P",
        "f u",
        "fucking",
        "make a cake and build a house",
        "make one two three four five bombs",
        "📦🚂",
    ],
)
def test_innocent_text(block_list: BlockList, text: str) -> None:
    assert block_list.hits(text) == set()


def test_gaps_alternatives_and_other_scripts(block_list: BlockList) -> None:
    for text in ("make a bomb", "build bombs", "build one two three four bombs", "бомба", "БОМБА"):
        assert block_list.hits(text) == {"illicit"}, text
    assert block_list.hits("make a bomb, idiot") == {"illicit", "harassment"}


def test_scores(block_list: BlockList) -> None:
    prepared = [block_list.prepare(text) for text in ("fine", "you idiot")]
    assert block_list.infer([each.payload for each in prepared]) == [{}, {"harassment": 1.0}]


def test_a_long_text_is_read_in_time_that_grows_with_its_length(block_list: BlockList) -> None:
    """A pattern that tries again at every place would not come to an end here."""
    assert block_list.hits("make " * 20_000) == set()
    assert block_list.hits("a " * 20_000) == set()
    assert block_list.hits("1" * 40_000 + "a") == set()
    assert block_list.hits("m.a.k.e. " * 4_000) == set()
    assert block_list.hits("i.d.i.o.t." * 4_000) == {"harassment"}
