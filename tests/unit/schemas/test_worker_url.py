"""URLs that other machines announce."""

from __future__ import annotations

import pytest

from ekiben.schemas.worker_url import checked_worker_url


@pytest.mark.parametrize("url", ["http://10.0.1.17:3100", "https://worker.internal:443", "http://[fd00::1]:3100"])
def test_a_host_and_a_port(url: str) -> None:
    assert checked_worker_url(url) == url
    assert checked_worker_url(f"{url}/") == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "10.0.1.17:3100",
        "ftp://10.0.1.17:3100",
        "http://10.0.1.17",
        "http://10.0.1.17:0",
        "http://10.0.1.17:70000",
        "http://:3100",
        "http://user@10.0.1.17:3100",
        "http://10.0.1.17:3100/infer",
        "http://10.0.1.17:3100?x=1",
        "http://10.0.1.17:3100#x",
        "http://ho st:3100",
        "http://hóst:3100",
        f"http://{'a' * 300}:3100",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"must|[Pp]ort"):
        checked_worker_url(url)
