"""Every answer that is not a success becomes one typed, bounded error."""

from __future__ import annotations

import json
import pickle
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekiben import errors
from ekiben.client.call import Answer
from ekiben.client.errors import UnexpectedResponse
from ekiben.client.failures import from_answer
from tests.unit.client.conftest import Caller, Reply, Server, refusal, reply

SERVER_ERRORS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type)
    and issubclass(kind, errors.EkibenError)
    and not issubclass(kind, errors.OperatorError)
    and kind is not errors.EkibenError
]


def listing(client: Any) -> Any:
    return client.models.list()


@pytest.mark.parametrize("kind", SERVER_ERRORS, ids=lambda kind: kind.__name__)
def test_each_code_raises_its_class(call: Caller, server: Server, kind: type[errors.EkibenError]) -> None:
    sent = kind("the reason", param="input[3]").payload("srv-7")
    server.answers(reply(sent, kind.status))
    with pytest.raises(kind) as caught:
        call(listing, max_retries=0)
    assert type(caught.value) is kind
    assert (caught.value.message, caught.value.param, caught.value.request_id) == ("the reason", "input[3]", "srv-7")
    assert pickle.loads(pickle.dumps(caught.value)).__dict__ == caught.value.__dict__


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (502, b"<html>bad gateway</html>", errors.Unavailable),
        (404, b"", errors.NotFound),
        (418, b"short and stout", errors.InvalidRequest),
        (500, b"\xff\xfe\x00", errors.EkibenError),
        (400, b'["BentoML says so"]', errors.InvalidRequest),
        (422, b'{"detail": "not our shape"}', errors.InvalidRequest),
        (503, b"x" * 100_000, errors.Unavailable),
        (429, b'{"error": {"message": 5, "code": []}}', errors.Overloaded),
    ],
)
def test_foreign_bodies(call: Caller, server: Server, status: int, body: bytes, kind: type[errors.EkibenError]) -> None:
    server.answers(Reply(status, body))
    with pytest.raises(kind) as caught:
        call(listing, max_retries=0)
    assert str(caught.value).startswith(f"HTTP status {status}")
    assert len(str(caught.value)) < 300


def test_redirects_are_not_followed(call: Caller, server: Server) -> None:
    server.answers(Reply(302, headers={"location": "/elsewhere"}))
    with pytest.raises(UnexpectedResponse, match="redirects are not followed"):
        call(listing)
    assert len(server.received) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"object": "list"}', b'{"data": [{"id": 1}]}'])
def test_a_success_that_cannot_be_read(call: Caller, server: Server, body: bytes) -> None:
    server.answers(Reply(200, body))
    for use in (listing, lambda client: client.embeddings.create("x"), lambda client: client.images.classify(b"x")):
        with pytest.raises(UnexpectedResponse) as caught:
            call(use, max_retries=0)
        assert caught.value.request_id == server.received[-1].headers["x-request-id"]


def test_a_long_message_is_cut(call: Caller, server: Server) -> None:
    server.answers(refusal(400, "invalid_value", "m" * 50_000))
    with pytest.raises(errors.InvalidRequest) as caught:
        call(listing)
    assert len(caught.value.message) == 2_000


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=50),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "message", "code", "param", "request_id"]) | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
)


@given(st.integers(300, 599), JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=100))
def test_any_body_makes_an_error(status: int, body: bytes) -> None:
    error = from_answer(Answer(status, httpx.Headers(), body, "id"), 0.0)
    assert isinstance(error, errors.EkibenError)
    assert len(error.message) <= 2_000
    assert isinstance(error.request_id, str)
