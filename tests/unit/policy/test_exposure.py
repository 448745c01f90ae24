from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from ekiben.errors import ConfigurationError
from ekiben.policy.exposure import check_exposure

if TYPE_CHECKING:
    from pathlib import Path

NAMES = {
    "localhost": ["127.0.0.1", "::1"],
    "laptop": ["127.0.1.1"],
    "server.example": ["127.0.0.1", "192.0.2.7"],
    "0": ["0.0.0.0"],
    "127.1": ["127.0.0.1"],
}


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(host: str, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        if host not in NAMES:
            raise socket.gaierror(-2, "Name or service not known")
        return [(None, None, None, "", (address, 0)) for address in NAMES[host]]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


LOOPBACK = ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "localhost", "laptop", "127.1"]
EXPOSED = [
    "0.0.0.0",
    "::",
    "",
    "0",
    "192.0.2.7",
    "10.0.0.1",
    "169.254.1.1",
    "fe80::1",
    "fe80::1%1",
    "2001:db8::1",
    "::ffff:0.0.0.0",
    "::ffff:192.0.2.7",
    "server.example",
]


@pytest.mark.parametrize("host", LOOPBACK)
def test_loopback_needs_no_keys(host: str) -> None:
    check_exposure(host, None)


@pytest.mark.parametrize("host", EXPOSED)
def test_anything_else_does(host: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="ekiben keys create"):
        check_exposure(host, None)
    check_exposure(host, tmp_path / "keys.jsonl")


@pytest.mark.parametrize("host", ["no-such-name", "[::1]", "127.0.0.1:80", "x" * 300, "a..b"])
def test_a_host_that_cannot_be_resolved_is_not_taken_for_safe(host: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be resolved"):
        check_exposure(host, None)
