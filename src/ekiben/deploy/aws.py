"""boto3's clients, with the credentials and the addresses that boto3 finds by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ekiben.errors import OperatorError

if TYPE_CHECKING:
    from boto3 import Session


def connect(service: str, region: str, session: Session | None = None, **config: Any) -> Any:
    """A client of one of AWS's services.

    Args:
        service: As boto3 names it.
        region: AWS region.
        session: Of `begin`, where several clients share one; None: one of its own.
        config: Settings of botocore's `Config`.

    Raises:
        OperatorError: boto3 is not installed, or its profile is not there.
    """
    session = session or begin()
    from botocore.config import Config

    client: Any = session.client  # its stubs know a service by its literal name only
    return client(service, region_name=region, config=Config(**config))


def begin() -> Session:
    """A session of boto3's.

    Raises:
        OperatorError: boto3 is not installed, or its profile is not there.
    """
    try:
        import boto3
        from botocore.exceptions import ProfileNotFound
    except ModuleNotFoundError:
        raise OperatorError("AWS needs boto3: pip install 'ekiben[spot]'") from None
    try:
        return boto3.Session()
    except ProfileNotFound as error:
        raise OperatorError(
            f"{error}; AWS_PROFILE names one of those that `aws configure list-profiles` shows"
        ) from None
