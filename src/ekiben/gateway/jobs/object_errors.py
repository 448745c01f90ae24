"""What the store of blobs says, in the words of requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ekiben.errors import Gone, Internal, Unavailable


@contextmanager
def object_errors() -> Iterator[None]:
    """Turn what the store raises inside into errors that a caller understands.

    Raises:
        Gone: A file is not there any more.
        Internal: It is not what was stored.
        Unavailable: The store fails.
    """
    try:
        yield
    except FileNotFoundError:
        raise Gone("the job's files are not there any more.") from None
    except ValueError as error:
        raise Internal("the job's files are damaged.") from error
    except OSError as error:
        raise Unavailable("the object store cannot be reached now.", retry_after_s=5) from error
