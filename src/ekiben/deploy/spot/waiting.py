"""Waiting for AWS, which shows some seconds later what it has done, and lets go of some things after minutes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from ekiben.errors import OperatorError

_LOOK_AGAIN_S: Final = 2.0
_HELD: Final = {"DependencyViolation", "ResourceInUse", "ResourceInUseException", "DeleteConflict", "VolumeInUse"}
_NOT_YET: Final = {"ValidationError", "InvalidParameterValue"}
_Seen = TypeVar("_Seen")


def wait_until(look: Callable[[], _Seen | None], what: str, patience_s: float) -> _Seen:
    """What `look` sees at last.

    Raises:
        OperatorError: It saw nothing for too long.
    """
    end = time.monotonic() + patience_s
    while not (found := look()):
        if time.monotonic() > end:
            raise OperatorError(f"waited {patience_s:.0f} s for {what}; run the same command again, it continues")
        time.sleep(_LOOK_AGAIN_S)
    return found


def when_free(act: Callable[[], None], patience_s: float) -> None:
    """Do it, again and again while AWS says that something still holds on to it."""
    _again_while(act, patience_s, lambda code, _: code in _HELD)


def when_known(act: Callable[[], None], patience_s: float) -> None:
    """Do it, again and again while a part of AWS does not know yet what another has just made: roles take seconds."""
    _again_while(act, patience_s, lambda code, message: code in _NOT_YET and "instance profile" in message.lower())


def _again_while(act: Callable[[], None], patience_s: float, passing: Callable[[str, str], bool]) -> None:
    from botocore.exceptions import ClientError

    end = time.monotonic() + patience_s
    while True:
        try:
            act()
            return
        except ClientError as error:
            told = error.response["Error"]
            if not passing(told.get("Code", ""), told.get("Message", "")) or time.monotonic() > end:
                raise
        time.sleep(_LOOK_AGAIN_S)
