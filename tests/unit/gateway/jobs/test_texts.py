"""Jobs that write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from ekiben.gateway.jobs.texts import TextJobs
from ekiben.inference.generation import Finish, Piece
from ekiben.inference.generation_lines import Ending, decode_request, ending_line, piece_line
from ekiben.jobs import Cost, Leasing, Result
from ekiben.jobs.blobs import get_checked, put_output
from ekiben.testing import toy_text_card
from tests.unit.gateway.text_platform import text_platform


@pytest.mark.parametrize(
    ("route", "asked"),
    [
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "hello"}]}),
        ("/v1/completions", {"prompt": "hello"}),
    ],
)
async def test_a_text_becomes_a_job_and_answers_as_the_route_does(
    run_dir: Path, valkey_url: str, route: str, asked: dict[str, Any]
) -> None:
    body = {"model": toy_text_card().name, "max_tokens": 4, **asked}
    async with text_platform(run_dir, valkey_url=valkey_url, state_dir=run_dir / "state") as platform:
        desk = platform.state.jobs
        assert desk is not None
        answer = await platform.http.post(route, json=body, headers={"prefer": "respond-async"})
        assert (answer.status_code, answer.headers["preference-applied"]) == (202, "respond-async")
        leasing = Leasing(desk.store, toy_text_card().name, "w")
        (lease,) = (await leasing.lease(1)).leases
        assert lease.job.specification.input is not None
        wanted = decode_request(await get_checked(desk.blobs, lease.job.specification.input))
        assert (wanted.max_tokens, wanted.stream) == (4, False)
        lines = piece_line(Piece("a fox")) + ending_line(Ending(Finish("stop", 3, 2)))
        pointer = await put_output(desk.blobs, lease.job.id, lease.fence, lines, "application/jsonl")
        await leasing.complete(lease, Result(blobs=(pointer,), value={"status": 200, "headers": {}}), Cost())
        result = (await platform.http.get(f"{answer.headers['location']}/result")).json()
        (choice,) = result["choices"]
        assert choice.get("text", choice.get("message", {}).get("content")) == "a fox"
        assert result["usage"]["completion_tokens"] == 2
        served = platform.state.cards.pop(toy_text_card().name)
        later = (await platform.http.get(f"{answer.headers['location']}/result")).json()
        assert (later["choices"], later["model"]) == (result["choices"], served.name)
        platform.state.cards[served.name] = served
        stream = await platform.http.post(route, json={**body, "stream": True}, headers={"prefer": "respond-async"})
        assert (stream.status_code, stream.json()["error"]["param"]) == (400, "stream")
        await desk.store.__aexit__()


async def test_who_leaves_the_length_open_is_charged_for_the_longest(run_dir: Path) -> None:
    card = toy_text_card()
    assert card.generation
    async with text_platform(run_dir) as platform:
        for asked, work in (({}, card.generation.max_tokens), ({"max_tokens": 4}, 4)):
            body = {"model": card.name, "messages": [{"role": "user", "content": "hello"}], **asked}
            assert TextJobs().prepare(platform.state, orjson.dumps(body)).work == work
