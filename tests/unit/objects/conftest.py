"""Where objects can be: a folder, and a bucket of an S3 server over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from ekiben.objects.location import open_store
from ekiben.objects.store import ObjectStore
from tests.simulated_aws import ask, simulated_aws


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    with simulated_aws() as url:
        yield url


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    ask(s3_server, monkeypatch)
    client = boto3.client("s3")
    client.create_bucket(Bucket="objects")
    for found in client.list_objects_v2(Bucket="objects").get("Contents", []):
        client.delete_object(Bucket="objects", Key=found["Key"])
    return "s3://objects/some/prefix"


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    location = request.getfixturevalue("bucket") if request.param == "s3" else str(tmp_path / "objects")
    return open_store(location, tmp_path)
