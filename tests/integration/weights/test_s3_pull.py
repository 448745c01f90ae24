"""Objects from an S3 server over real HTTP."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest

from ekiben.errors import WeightsError
from ekiben.weights.digest import Digest
from ekiben.weights.download import Download
from ekiben.weights.progress import Silent
from ekiben.weights.s3 import S3Object
from ekiben.weights.source import Interrupted
from tests.simulated_aws import ask, simulated_aws

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

CONTENT = bytes(range(256)) * 8192
EXPECTED = Digest(len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with simulated_aws() as url:
        yield url


@pytest.fixture
def s3(server: str, monkeypatch: pytest.MonkeyPatch) -> S3Client:
    ask(server, monkeypatch)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    client = boto3.client("s3")
    client.create_bucket(Bucket="weights")
    client.put_object(Bucket="weights", Key="toy/model.onnx", Body=CONTENT)
    return client


@pytest.fixture
def source(s3: S3Client) -> S3Object:
    assert s3.head_object(Bucket="weights", Key="toy/model.onnx")["ContentLength"] == len(CONTENT)
    return S3Object("weights", "toy/model.onnx")


@pytest.fixture
def download() -> Download:
    return Download(Silent(), lambda _: None)


def test_an_object_arrives(source: S3Object, download: Download, tmp_path: Path) -> None:
    assert download.fetch(source, tmp_path / "file", EXPECTED) == EXPECTED
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_it_goes_on_where_it_stopped(source: S3Object, tmp_path: Path, download: Download) -> None:
    with source.open(0, None) as body:
        validator = body.validator
        assert body.total_bytes == len(CONTENT)
    with source.open(1_000_000, validator) as body:
        assert (body.offset, body.total_bytes) == (1_000_000, len(CONTENT))
        assert b"".join(body.chunks) == CONTENT[1_000_000:]
    (tmp_path / "file").write_bytes(CONTENT[:1_000_000])
    (tmp_path / "file.etag").write_text(str(validator))
    assert download.fetch(source, tmp_path / "file", EXPECTED) == EXPECTED


def test_an_object_changed_meanwhile_begins_anew(source: S3Object, s3: S3Client) -> None:
    with source.open(0, None) as body:
        validator = body.validator
    s3.put_object(Bucket="weights", Key="toy/model.onnx", Body=CONTENT[::-1])
    with source.open(1_000_000, validator) as body:
        assert body.offset == 0
        assert b"".join(body.chunks) == CONTENT[::-1]


def test_a_missing_object_is_named(s3: S3Client) -> None:
    assert s3.meta.region_name == "us-east-1"
    for source in (S3Object("weights", "nothing"), S3Object("no-such-bucket", "x")):
        with (
            pytest.raises(WeightsError, match=f"s3:{source.bucket}/{source.key}: no such bucket or object"),
            source.open(0, None),
        ):
            pass


def test_no_server_may_be_back_later(s3: S3Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert s3.meta.endpoint_url
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(Interrupted), S3Object("weights", "x").open(0, None):
        pass


def test_no_credentials_is_one_line(s3: S3Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert s3.meta.endpoint_url
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(key)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    boto3.DEFAULT_SESSION = None
    with pytest.raises(WeightsError, match="credentials"), S3Object("weights", "x").open(0, None):
        pass
    boto3.DEFAULT_SESSION = None
