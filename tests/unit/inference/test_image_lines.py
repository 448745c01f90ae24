"""Events as text."""

from __future__ import annotations

import base64
import json

from ekiben.inference.image_generation import Facts, FinishedImage, ImagesEnd, Preview, Step
from ekiben.inference.image_lines import event_line


def test_every_event_is_a_line_and_files_are_base64() -> None:
    facts = Facts(3, 64, 32, 7, 4.5, "euler", "toy", "1.0.0", 7)
    events = (Step(0, 1, 7), Preview(0, 2, 3, 7, b"shown"), FinishedImage(0, b"\x00file", facts), ImagesEnd({"q": 1.0}))
    lines = [event_line(event) for event in events]
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)
    step, preview, image, end = map(json.loads, lines)
    assert step == {"event": "step", "index": 0, "step": 1, "steps": 7}
    assert (preview["number"], base64.b64decode(preview["image"])) == (2, b"shown")
    assert (image["facts"]["seed"], base64.b64decode(image["image"])) == (3, b"\x00file")
    assert end == {"event": "end", "stages": {"q": 1.0}}
