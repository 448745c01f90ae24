"""Signatures as the specification's own example has them."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from ekiben.errors import ConfigurationError
from ekiben.gateway.webhooks.signing import read_secrets, secret_of, signed_headers


def test_the_published_example() -> None:
    secrets = read_secrets({"k": SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")})
    headers = signed_headers(secrets["k"], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("secret", ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_%%%"])
def test_a_secret_that_is_none_stops_the_start_without_being_told(secret: str) -> None:
    with pytest.raises(ConfigurationError, match="'k'") as caught:
        read_secrets({"k": SecretStr(secret)})
    assert secret not in str(caught.value)


def test_a_key_has_its_own_secret_or_that_of_all_others() -> None:
    assert secret_of({"a": b"1", "*": b"2"}, "a") == b"1"
    assert secret_of({"a": b"1", "*": b"2"}, "b") == b"2"
    assert secret_of({"a": b"1"}, "b") is None
