"""Events as text."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator

import pytest

from ekiben.errors import Unavailable
from ekiben.inference.image_generation import Facts, FinishedImage, ImageEvent, ImagesEnd, Preview, Step
from ekiben.inference.image_lines import event_line, lines


def test_every_event_is_a_line_and_files_are_base64() -> None:
    facts = Facts(3, 64, 32, 7, 4.5, "euler", "toy", "1.0.0", 7)
    events = (Step(0, 1, 7), Preview(0, 2, 3, 7, b"shown"), FinishedImage(0, b"\x00file", facts), ImagesEnd({"q": 1.0}))
    told = [event_line(event) for event in events]
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in told)
    step, preview, image, end = map(json.loads, told)
    assert step == {"event": "step", "index": 0, "step": 1, "steps": 7}
    assert (preview["number"], base64.b64decode(preview["image"])) == (2, b"shown")
    assert (image["facts"]["seed"], base64.b64decode(image["image"])) == (3, b"\x00file")
    assert end == {"event": "end", "stages": {"q": 1.0}}


async def _failing_after(*events: ImageEvent) -> AsyncIterator[ImageEvent]:
    for event in events:
        yield event
    raise Unavailable("the worker broke.")


async def test_what_fails_under_way_is_the_last_line() -> None:
    step, error = [json.loads(line) async for line in lines(_failing_after(Step(0, 1, 7)))]
    assert step["event"] == "step"
    assert (error["event"], error["status"], error["error"]["message"]) == ("error", 503, "the worker broke.")


async def test_what_fails_at_once_is_raised() -> None:
    with pytest.raises(Unavailable):
        [line async for line in lines(_failing_after())]
