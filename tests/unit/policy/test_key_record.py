from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from ekiben.policy.key_record import KeyRecord, create_key, split_key

GOOD: dict[str, Any] = {
    "id": "abcdefgh",
    "name": "ada",
    "sha256": "0" * 64,
    "created": "2025-01-01T00:00:00Z",
}


def test_a_key_is_its_id_and_a_long_random_secret() -> None:
    key, record = create_key("ada")
    parts = split_key(key)
    assert parts is not None
    assert parts[0] == record.id
    assert len(parts[1]) == 43
    assert record.sha256 == hashlib.sha256(parts[1].encode()).hexdigest()
    assert parts[1] not in record.model_dump_json()
    assert record.created.tzinfo is not None


def test_keys_differ() -> None:
    assert len({create_key("ada")[0] for _ in range(200)}) == 200


def test_every_secret_can_be_split_again() -> None:
    assert all(split_key(create_key("ada")[0]) for _ in range(500))


@pytest.mark.parametrize(
    "change",
    [
        {"id": "ABCDEFGH"},
        {"id": "abcdefgh\n"},
        {"name": ""},
        {"name": "a\nb"},
        {"name": "x" * 101},
        {"sha256": "0" * 63},
        {"sha256": None},
        {"created": "2025-01-01T00:00:00"},
        {"expires": "tomorrow"},
        {"roles": []},
        {"roles": ["Admin"]},
        {"role": "admin"},
    ],
)
def test_wrong_records_are_refused(change: dict[str, Any]) -> None:
    KeyRecord.model_validate(GOOD)
    with pytest.raises(ValidationError):
        KeyRecord.model_validate({**GOOD, **change})


def test_a_record_expires_at_its_time() -> None:
    record = KeyRecord.model_validate({**GOOD, "expires": "2025-02-01T00:00:00+01:00"})
    assert not record.expired(datetime(2025, 1, 31, 22, 59, 59, tzinfo=UTC))
    assert record.expired(datetime(2025, 1, 31, 23, tzinfo=UTC))
