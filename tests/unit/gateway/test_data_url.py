from __future__ import annotations

import pytest

from ekiben.errors import InvalidRequest
from ekiben.gateway.data_url import read_data_url


def test_the_bytes_come_back() -> None:
    assert read_data_url("data:image/svg+xml;base64,aGk=", "p") == b"hi"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://169.254.169.254/latest/meta-data",
        "https://example.org/a.png",
        "file:///etc/passwd",
        "data:text/html;base64,aGk=",
        "data:image/png,hi",
        "data:image/png;base64,",
        "data:image/png;base64,a",
        "data:image/png;base64,aG k=",
        "data:image/png;base64,é",
        " data:image/png;base64,aGk=",
    ],
)
def test_anything_else_is_refused_and_named(url: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_data_url(url, "input[0].image_url.url")
    assert refused.value.param == "input[0].image_url.url"
