"""Streamed text under a policy: what is refused never leaves, whatever pieces it comes in."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import pytest

from ekiben.errors import ContentBlocked
from ekiben.gateway.call import Call
from ekiben.gateway.moderator import Moderator
from ekiben.gateway.stream_moderation import StreamCheck
from ekiben.policy.moderation import ModerationPolicy
from ekiben.testing import ToyModeration, toy_moderation_card
from tests.unit.gateway.conftest import StartGateway

ROUTE = "/v1/texts"
TEXT = "The first sentence is quite long and has nothing in it that anybody minds. A second one says no more. " * 6

RULES: dict[str, object] = {
    **{word: word for word in ("off", "flag", "block")},
    "some": {"block": ("spam",), "flag": "all"},
}
StartCheck = Callable[[str], Awaitable[StreamCheck]]


@pytest.fixture
def judge() -> ToyModeration:
    return ToyModeration(toy_moderation_card(inputs={"max_items": 8, "max_characters": 2_000}))


@pytest.fixture
def start_check(start_gateway: StartGateway, judge: ToyModeration, tmp_path: Path) -> StartCheck:
    async def start(action: str) -> StreamCheck:
        path = tmp_path / "policy.yaml"
        path.write_text("routes: {}")
        gateway = await start_gateway(others=[judge], moderation_policy=path)
        policy = ModerationPolicy.model_validate({"routes": {ROUTE: {"output": RULES[action]}}})
        moderator = Moderator(policy, gateway.state.moderator._judge, gateway.state.metrics)
        return StreamCheck(moderator, Call(request_id="r", arrived=time.monotonic(), route=ROUTE))

    return start


async def stream(check: StreamCheck, pieces: Iterable[str]) -> tuple[str, bool]:
    """What was let out, and whether it was stopped."""
    sent = ""
    try:
        for piece in pieces:
            sent += await check.feed(piece)
        return sent + await check.end(), False
    except ContentBlocked:
        return sent, True


@pytest.mark.parametrize("size", [1, 3, 17, 1_000])
async def test_harmless_text_comes_out_whole(start_check: StartCheck, size: int) -> None:
    pieces = [TEXT[start : start + size] for start in range(0, len(TEXT), size)]
    assert await stream(await start_check("block"), pieces) == (TEXT, False)


@pytest.mark.parametrize("size", [1, 3, 17, 1_000])
async def test_what_is_refused_stays(start_check: StartCheck, size: int) -> None:
    text = TEXT + "Then it gets rude and goes on." + TEXT
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    sent, stopped = await stream(await start_check("block"), pieces)
    assert stopped
    assert TEXT.startswith(sent) or text.startswith(sent)
    assert "rude" not in sent


async def test_text_without_an_end_is_let_out_by_words(start_check: StartCheck) -> None:
    check = await start_check("block")
    sent = "".join([await check.feed("word ") for _ in range(200)])
    assert len(sent) > 500
    assert sent + await check.end() == "word " * 200


async def test_flagged_text_goes_on(start_check: StartCheck) -> None:
    check = await start_check("flag")
    assert await stream(check, ["This is rude.", " An offer."]) == ("This is rude. An offer.", False)
    assert check._call.flags == ["harassment", "spam"]


async def test_where_nothing_is_refused_nothing_is_held_and_all_is_judged_once(
    start_check: StartCheck, judge: ToyModeration
) -> None:
    check = await start_check("flag")
    for piece in (TEXT, "This is rude.", TEXT):
        assert await check.feed(piece) == piece
    assert judge.judged == []
    assert await check.end() == ""
    assert b"".join(judge.judged).count(b"rude") == 1
    assert check._call.notes["moderation"] == ["output flagged harassment"]


async def test_what_is_judged_again_as_context_counts_once(start_check: StartCheck) -> None:
    check = await start_check("some")
    sentence = "A sentence of which somebody might well say that it is rude. "
    assert await stream(check, [sentence, *["And another one, long enough to be judged by itself, follows. "] * 4]) == (
        sentence + "And another one, long enough to be judged by itself, follows. " * 4,
        False,
    )
    assert check._call.notes["moderation"] == ["output flagged harassment"]
    counted = check._moderator._metrics.moderation.labels(ROUTE, "output", "flagged", "harassment")
    assert counted._value.get() == 1


async def test_without_a_rule_every_piece_leaves_at_once(start_check: StartCheck, judge: ToyModeration) -> None:
    check = await start_check("off")
    assert [await check.feed("rude"), await check.end()] == ["rude", ""]
    assert judge.judged == []
