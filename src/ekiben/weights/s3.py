"""`s3:` sources: an object in a bucket, with the credentials and endpoint boto3 finds by itself."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ekiben.errors import WeightsError
from ekiben.weights.digest import CHUNK_BYTES
from ekiben.weights.source import Body, Interrupted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.exceptions import ClientError


@dataclass(frozen=True, slots=True)
class S3Object:
    """One object."""

    bucket: str
    key: str

    @contextmanager
    def open(self, offset: int, validator: str | None) -> Iterator[Body]:
        """Ask for the bytes from `offset` on; begins anew where the object is another by now."""
        # boto3 takes a second to import and is needed for this kind of source only.
        try:
            from botocore import exceptions
        except ImportError:
            raise WeightsError("s3: sources need boto3; run: pip install 'ekiben[pull]'") from None
        try:
            with _opened(self.bucket, self.key, offset if validator else 0, validator) as body:
                yield body
        except exceptions.ClientError as error:
            raise _refused(error, f"s3:{self.bucket}/{self.key}") from None
        except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
            raise Interrupted(f"s3:{self.bucket}/{self.key}: {error}") from None
        except exceptions.BotoCoreError as error:
            raise WeightsError(f"s3:{self.bucket}/{self.key}: {error}") from None


@contextmanager
def _opened(bucket: str, key: str, offset: int, validator: str | None) -> Iterator[Body]:
    import boto3
    from botocore.exceptions import ClientError

    client = boto3.client("s3")
    try:
        answer = client.get_object(Bucket=bucket, Key=key, **_resumption(offset, validator))
    except ClientError as error:
        if not offset or _status(error) not in (412, 416):
            raise
        # Another object by now, or a shorter one: from the start.
        offset, answer = 0, client.get_object(Bucket=bucket, Key=key)
    stream = answer["Body"]
    try:
        yield Body(offset, _chunks(stream), offset + answer["ContentLength"], answer.get("ETag"))
    finally:
        stream.close()


def _resumption(offset: int, validator: str | None) -> dict[str, Any]:
    return {"Range": f"bytes={offset}-", "IfMatch": validator} if offset else {}


def _chunks(stream: Any) -> Iterator[bytes]:
    from botocore.exceptions import IncompleteReadError

    try:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk
    except IncompleteReadError as error:
        raise Interrupted(str(error)) from None


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _refused(error: ClientError, what: str) -> WeightsError:
    status = _status(error)
    if status == 404:
        return WeightsError(f"{what}: no such bucket or object")
    if status in (401, 403):
        return WeightsError(f"{what}: access denied; check the AWS credentials and the bucket's policy")
    if status in (408, 429) or status >= 500:
        return Interrupted(f"{what}: the store answers {status}")
    return WeightsError(f"{what}: {error}")
