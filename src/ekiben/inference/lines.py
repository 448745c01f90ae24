"""Lines out of bytes that come in pieces, cut anywhere."""

from __future__ import annotations

from collections.abc import AsyncIterator


async def lines_of(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Every line as soon as it is complete, without its end; what comes after the last line end is not one.

    Nothing is read ahead of whoever takes them.

    Raises:
        Exception: What the pieces raise.
    """
    held = b""
    async for piece in pieces:
        *lines, held = (held + piece).split(b"\n")
        for line in lines:
            yield line
