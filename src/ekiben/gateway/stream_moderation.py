"""Moderation of text that is made piece by piece: nothing leaves before it has been checked, where it may be refused.

    async for piece in pieces:
        if text := await check.feed(piece):
            await send(text)
    if text := await check.end():
        await send(text)

`feed` raises when the stream has to stop; what it has returned by then is harmless. Where nothing may be refused,
nothing is held back either: the whole text is judged once, at its end.
"""

from __future__ import annotations

import re
from typing import Final

from ekiben.gateway.call import Call
from ekiben.gateway.content import Content, Piece
from ekiben.gateway.moderator import Moderator

# What went out before is judged along with what comes, so that a phrase is seen across pieces.
_CONTEXT_CHARACTERS: Final = 400
# A check a sentence, but neither one for every short one nor none for ever.
_LEAST_CHARACTERS: Final = 60
_MOST_CHARACTERS: Final = 400
_SENTENCE_END: Final = re.compile(r"[.!?…。！？\n]\s*$")


class StreamCheck:
    """Checks one answer's text under the policy of its route.

    Args:
        moderator: Applies the policy.
        call: The request; its route has the rule.
    """

    def __init__(self, moderator: Moderator, call: Call) -> None:
        self._moderator, self._call = moderator, call
        self._rule = moderator.rule(call, "output")
        self._sent, self._held = "", ""
        self._passed: list[str] = []

    async def feed(self, piece: str) -> str:
        """Take the next piece; returns what may be sent now, often nothing.

        Raises:
            ContentBlocked: What was made has to stay here, and no more needs to be made.
            EkibenError: As `Moderator.check`.
        """
        if self._rule is None:
            return piece
        if not self._rule.blocks:
            self._passed.append(piece)
            return piece
        self._held += piece
        length = len(self._held)
        is_sentence = length >= _LEAST_CHARACTERS and _SENTENCE_END.search(self._held)
        if is_sentence or length >= _MOST_CHARACTERS:
            return await self._checked(len(self._held) if is_sentence else self._last_word())
        return ""

    async def end(self) -> str:
        """The text is complete; returns the rest of it.

        Raises:
            EkibenError: As `feed`.
        """
        if self._passed:
            await self._check("".join(self._passed))
        return await self._checked(len(self._held)) if self._held else ""

    async def _checked(self, length: int) -> str:
        """Judge all there is; let go of the first `length` characters held."""
        await self._check(self._sent + self._held)
        free, self._held = self._held[:length], self._held[length:]
        self._sent = (self._sent + free)[-_CONTEXT_CHARACTERS:]
        return free

    async def _check(self, text: str) -> None:
        content: Content = (Piece(text),)
        await self._moderator.check(self._call, "output", lambda: content)

    def _last_word(self) -> int:
        """Up to the last white space: a word is not judged by half."""
        return self._held.rstrip().rfind(" ") + 1 or len(self._held)
