"""Which pages may ask."""

from __future__ import annotations

import pytest
from starlette.requests import HTTPConnection

from ekiben.errors import PermissionDenied
from ekiben.gateway.origin import check_origin


def request(host: str, origin: str | None) -> HTTPConnection:
    headers = [(b"host", host.encode())] + ([(b"origin", origin.encode())] if origin is not None else [])
    return HTTPConnection({"type": "http", "headers": headers})


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:3000", None),
        ("localhost:3000", "http://localhost:3000"),
        ("LOCALHOST:3000", "http://localhost:3000"),
        ("models.example.com", "https://models.example.com"),
        ("models.example.com:443", "https://models.example.com"),
        ("[::1]:3000", "http://[::1]:3000"),
        ("localhost:3000", "https://friend.example"),
    ],
)
def test_own_pages_and_programs_may(host: str, origin: str | None) -> None:
    check_origin(request(host, origin), ["https://friend.example"])


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:3000", "http://localhost:3001"),
        ("localhost:3000", "http://127.0.0.1:3000"),
        ("localhost:3000", "null"),
        ("localhost:3000", ""),
        ("localhost:3000", "file://"),
        ("localhost:3000", "chrome-extension://localhost:3000"),
        ("localhost:3000", "http://localhost:3000.evil.example"),
        ("localhost:3000", "http://localhost:3000/x"),
        ("localhost:3000", "http://friend.example"),
        ("localhost:x", "http://localhost:3000"),
        ("", "http://"),
    ],
)
def test_others_may_not(host: str, origin: str) -> None:
    with pytest.raises(PermissionDenied):
        check_origin(request(host, origin), ["https://friend.example"])
