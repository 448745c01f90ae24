"""Asking for something that may not be there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

_Answer = TypeVar("_Answer")


def if_there(ask: Callable[[], _Answer], *codes: str) -> _Answer | None:
    """The answer, or None where AWS says with one of these codes that there is none."""
    from botocore.exceptions import ClientError

    try:
        return ask()
    except ClientError as error:
        if error.response["Error"].get("Code") in codes:
            return None
        raise
