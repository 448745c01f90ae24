from __future__ import annotations

import base64
from typing import Any

import pytest

from ekiben.client.results import Moderations
from ekiben.errors import ContentBlocked
from tests.unit.client.conftest import Caller, Server, refusal, reply

RESULT = {
    "flagged": True,
    "categories": {"harassment": True, "sexual": False},
    "category_scores": {"harassment": 0.9, "sexual": 0},
    "category_applied_input_types": {"harassment": ["text"], "sexual": ["text", "image"]},
}


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ({"input": "a"}, {"input": ["a"]}),
        ({"input": ["a", "b"], "model": "m"}, {"input": ["a", "b"], "model": "m"}),
    ],
)
def test_texts(call: Caller, server: Server, arguments: dict[str, Any], sent: object) -> None:
    server.answers(reply({"id": "modr-1", "model": "m", "results": [RESULT]}))
    found: Moderations = call(lambda client: client.moderations.create(**arguments))
    assert (server.received[0].path, server.received[0].json) == ("/v1/moderations", sent)
    (result,) = found.results
    assert (found.id, found.model, result.flagged) == ("modr-1", "m", True)
    assert result.category_scores == {"harassment": 0.9, "sexual": 0.0}
    assert result.category_applied_input_types["sexual"] == ("text", "image")


def test_pictures_make_one_message(call: Caller, server: Server) -> None:
    server.answers(reply({"id": "modr-1", "model": "m", "results": [RESULT]}))
    call(lambda client: client.moderations.create("a", images=[b"PNG"]))
    text, image = server.received[0].json["input"]
    assert text == {"type": "text", "text": "a"}
    head, _, content = image["image_url"]["url"].partition(",")
    assert (head, base64.b64decode(content)) == ("data:image/octet-stream;base64", b"PNG")


def test_a_refusal_by_policy_has_its_class(call: Caller, server: Server) -> None:
    server.answers(refusal(400, "content_blocked", "input is refused by policy: hate."))
    with pytest.raises(ContentBlocked, match="hate"):
        call(lambda client: client.embeddings.create("a"))
