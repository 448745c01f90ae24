"""What every job needs may be away: the store, the model, room in its queue. Then no job is to blame."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ekiben.errors import (
    DeadlineUnreachable,
    DeviceOutOfMemory,
    EkibenError,
    ModelUnloaded,
    Overloaded,
    ShuttingDown,
    Unavailable,
)

_OTHER_ENDS = (DeadlineUnreachable, DeviceOutOfMemory, ModelUnloaded, ShuttingDown)


class Away(Exception):
    """Something is away that the next job would need as well."""

    def __init__(self, error: EkibenError) -> None:
        super().__init__(error.message)
        self.error = error


@contextmanager
def not_begun() -> Iterator[None]:
    """Within the block nothing of the job is computed yet, so that it cannot have broken what is missing.

    Raises:
        Away: There is no room, or what computes is not there.
    """
    try:
        yield
    except _OTHER_ENDS:
        raise
    except (Overloaded, Unavailable) as error:
        raise Away(error) from error
