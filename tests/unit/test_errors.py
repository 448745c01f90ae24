"""The error tree: what is sent is what is raised on the other side."""

from __future__ import annotations

import pickle

import pytest

from ekiben import errors
from ekiben.errors import EkibenError, OperatorError, from_payload


def tree(root: type[EkibenError]) -> list[type[EkibenError]]:
    return [root, *(found for child in root.__subclasses__() for found in tree(child))]


# Only this module's own: the client adds some that never travel.
SENT = [
    kind for kind in tree(EkibenError)[1:] if not issubclass(kind, OperatorError) and kind.__module__ == errors.__name__
]


@pytest.mark.parametrize("kind", SENT)
def test_an_error_survives_the_wire(kind: type[EkibenError]) -> None:
    sent = kind("the reason", param="input[3]")
    found = from_payload(sent.status, sent.payload("r-1"), retry_after_s=2.5)
    assert type(found) is kind
    assert (found.message, found.param, found.request_id, found.retry_after_s) == ("the reason", "input[3]", "r-1", 2.5)


@pytest.mark.parametrize(
    ("status", "payload", "kind"),
    [
        (429, {"error": {"code": "a_newer_code", "message": "m"}}, errors.Overloaded),
        (502, None, errors.Unavailable),
        (503, "text", errors.Unavailable),
        (500, {"error": "a string"}, errors.Internal),
        (418, {}, errors.InvalidRequest),
        (599, [], errors.Internal),
    ],
)
def test_what_is_not_known_becomes_the_nearest(status: int, payload: object, kind: type[EkibenError]) -> None:
    assert type(from_payload(status, payload)) is kind


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in SENT]
    assert len(codes) == len(set(codes))


def test_the_docstring_draws_the_whole_tree() -> None:
    assert errors.__doc__ is not None
    for kind in SENT:
        assert kind.__name__ in errors.__doc__


def test_an_error_can_be_pickled() -> None:
    sent = errors.QueueFull("full", retry_after_s=1.0, request_id="r")
    found = pickle.loads(pickle.dumps(sent))
    assert (type(found), found.message, found.retry_after_s) == (errors.QueueFull, "full", 1.0)


def test_a_long_message_is_cut() -> None:
    assert len(errors.Internal("x" * 10_000).payload()["error"]["message"]) == 2_000
