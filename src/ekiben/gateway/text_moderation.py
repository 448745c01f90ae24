"""Moderation of a request for text: its prompt before a worker sees it, its answer before the caller does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from ekiben.gateway.call import Call
from ekiben.gateway.content import Content
from ekiben.gateway.content import Piece as Judged
from ekiben.gateway.moderator import Moderator
from ekiben.gateway.stream_moderation import StreamCheck
from ekiben.inference.generation import GenerationRequest, Piece, TokenLogprob
from ekiben.inference.generation_lines import Ending


def prompt_content(wanted: GenerationRequest) -> Content:
    """The prompt, or every message of the chat, as the caller's fields name them."""
    if isinstance(wanted.prompt, str):
        return (Judged(wanted.prompt, "prompt"),)
    return tuple(Judged(message.content, f"messages[{index}]") for index, message in enumerate(wanted.prompt))


async def moderated(
    moderator: Moderator, call: Call, events: AsyncIterator[Piece | Ending]
) -> AsyncIterator[Piece | Ending]:
    """Let pieces go once they have been checked, a sentence or so at a time; at once where nothing may be refused.

    Raises:
        ContentBlocked: What was written next is refused.
        EkibenError: As `Moderator.check`, and what the events raise.
    """
    check = StreamCheck(moderator, call)
    held: list[TokenLogprob] = []
    async for found in events:
        if isinstance(found, Ending):
            if rest := await check.end():
                yield Piece(rest, tuple(held))
            yield found
            return
        held.extend(found.logprobs)
        text = await check.feed(found.text)
        if text == found.text and len(held) == len(found.logprobs):
            yield found
        elif text:
            yield replace(found, text=text, logprobs=tuple(held))
        else:
            continue
        held.clear()
