"""Moderation of pictures: prompt and source image before a worker sees them, every picture before anybody else does.

A preview is shown at once where the policy refuses no answers. Where it may, each is judged first, and one that would
be refused, or cannot be judged, is left out: half-drawn pictures look like many things, so that only the finished one
decides on the request.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from ekiben.errors import EkibenError
from ekiben.gateway.call import Call
from ekiben.gateway.content import Content, Piece
from ekiben.gateway.images.conflation import Event
from ekiben.gateway.moderator import Moderator
from ekiben.inference.image_generation import FinishedImage, ImageGenerationRequest, Preview


def asked_content(wanted: ImageGenerationRequest) -> Content:
    """What a request brings; what it wants to be left out of the picture (`negative_prompt`) is not content."""
    prompt = Piece(wanted.settings.prompt, "prompt")
    return (prompt,) if wanted.image is None else (prompt, Piece(wanted.image, "image"))


async def judged(moderator: Moderator, call: Call, events: AsyncIterator[Event]) -> AsyncIterator[Event]:
    """Let events pass as far as the policy of the call's route does.

    Raises:
        ContentBlocked: A picture is refused.
        EkibenError: As `Moderator.check`, and what the events raise.
    """
    async for event in events:
        if isinstance(event, FinishedImage):
            await _check(moderator, call, event.image)
        elif isinstance(event, Preview) and not await _may_be_shown(moderator, call, event):
            continue
        yield event


async def _check(moderator: Moderator, call: Call, image: bytes) -> None:
    await moderator.check(call, "output", lambda: (Piece(image),))


async def _may_be_shown(moderator: Moderator, call: Call, preview: Preview) -> bool:
    rule = moderator.rule(call, "output")
    if rule is None or not rule.blocks:
        return True
    try:
        # What is said of a preview is not said of the answer.
        await _check(moderator, replace(call, notes={}, flags=[]), preview.image)
    except EkibenError:
        return False
    return True
