"""Where objects are: a folder, or `s3://bucket/prefix`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final

from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from ekiben.errors import ConfigurationError
from ekiben.objects.durable_folder import make_folder
from ekiben.objects.store import ObjectStore

_S3: Final = "s3://"
# A caller waits for these: better an error soon than an answer after minutes.
_CONNECT_TIMEOUT: Final = timedelta(seconds=5)
_TIMEOUT: Final = timedelta(seconds=30)
_RETRIES: Final = 3


def open_store(location: str, default: Path) -> ObjectStore:
    """The store at `location`, or in the folder `default` where that is empty.

    A folder is made for this user alone. Credentials, region and endpoint of a bucket are those of the usual `AWS_…`
    variables, or of the machine's role.

    Raises:
        ConfigurationError: Neither a folder that can be written to nor an S3 location.
    """
    if location.startswith(_S3):
        return ObjectStore(_bucket(location))
    if "://" in location:
        raise ConfigurationError(f"EKIBEN_OBJECTS is {location!r}; give a folder or s3://bucket/prefix")
    folder = (Path(location).expanduser() if location else default).absolute()
    return ObjectStore(_folder(folder), folder)


def _bucket(location: str) -> S3Store:
    try:
        return S3Store.from_url(
            location,
            # An endpoint without TLS is only used where the operator names one; boto3 asks no second time either.
            client_options={"allow_http": True, "connect_timeout": _CONNECT_TIMEOUT, "timeout": _TIMEOUT},
            retry_config={"max_retries": _RETRIES, "retry_timeout": _TIMEOUT},
        )
    except (BaseError, ValueError) as error:
        raise ConfigurationError(f"EKIBEN_OBJECTS is {location!r}: {_first_line(error)}") from None


def _folder(path: Path) -> LocalStore:
    try:
        make_folder(path)
        return LocalStore(path)
    except (OSError, BaseError) as error:
        raise ConfigurationError(f"the folder of objects {path} cannot be used: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
