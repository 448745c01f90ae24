"""A finished file as the picture that BentoML returns."""

from __future__ import annotations

import io
from typing import IO, Any

from PIL import Image


def finished(file: bytes) -> Image.Image:
    """A picture that is saved as the very file it was read from.

    BentoML saves what an API returns, on the event loop, and Pillow leaves the settings out that stand in the file.
    """
    picture = Image.open(io.BytesIO(file))

    def save(to: IO[bytes], format: str | None = None, **_: Any) -> None:  # noqa: A002, ARG001 Pillow's names
        to.write(file)

    picture.save = save  # type: ignore[assignment,method-assign]
    return picture
