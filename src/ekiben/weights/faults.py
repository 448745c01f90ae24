"""What the file system says, told as one line that begins with the model's name."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ekiben.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def told_plainly(name: str) -> Iterator[None]:
    """Give every fault inside the block the model's name.

    Raises:
        WeightsError: In place of the block's own WeightsError or OSError.
    """
    try:
        yield
    except WeightsError as error:
        message = error.message
        raise WeightsError(message if message.startswith(name) else f"{name}: {message}") from None
    except OSError as error:
        raise WeightsError(f"{name}: {_story(error)}") from None


def _story(error: OSError) -> str:
    where = error.filename or "the disk"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"no space is left for {where}; make room and pull again, it goes on from where it stopped"
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"{where} cannot be written ({error.strerror}); point BENTOML_HOME or EKIBEN_CACHE_DIR elsewhere"
    return f"{where}: {error.strerror or error}"
