"""Asks a moderation model about pieces of content, whatever their length and number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ekiben.cards.card import Card, Inputs
from ekiben.errors import EkibenError
from ekiben.gateway.call import Call
from ekiben.gateway.content import Content, Piece, parts_tensor
from ekiben.gateway.fleet import Fleet
from ekiben.inference.open_inference import decode_response, encode_request
from ekiben.runtimes.moderation.verdicts import verdicts

# A phrase that a cut goes through stands whole in one of the two pieces.
_OVERLAP_CHARACTERS: Final = 400
_DEFAULT_CHARACTERS: Final = 4_000
_ROW: Final = re.compile(r"(?:input|parts)\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Finding:
    """A piece that is flagged, by its field in the request, and for what."""

    param: str | None
    categories: tuple[str, ...]


class Judge:
    """One moderation model.

    Args:
        card: The model's.
        fleet: Its workers.
    """

    def __init__(self, card: Card, fleet: Fleet) -> None:
        self._card, self._fleet = card, fleet

    async def judge(self, call: Call, content: Content) -> list[Finding]:
        """What of the content is flagged; empty pieces are not.

        Raises:
            EkibenError: The model could not be asked, or could not read a piece; `param` is the piece's.
        """
        rows = [row for piece in content for row in self._rows(piece)]
        return [finding for batch in batches(rows, self._card.inputs) for finding in await self._ask(call, batch)]

    def _rows(self, piece: Piece) -> Iterator[Piece]:
        if isinstance(piece.content, bytes):
            yield piece
            return
        inputs = self._card.inputs
        size = inputs.max_characters or min(_DEFAULT_CHARACTERS, inputs.max_total_characters or _DEFAULT_CHARACTERS)
        for text in cut(piece.content, size, min(_OVERLAP_CHARACTERS, size // 2)):
            if text.strip():
                yield Piece(text, piece.param)

    async def _ask(self, call: Call, rows: Sequence[Piece]) -> list[Finding]:
        encoded = encode_request({"parts": parts_tensor(rows)})
        headers = call.worker_headers(encoded.header_length)
        try:
            # It does not wait for a judge that is slow: the time is that of the request that is judged.
            reply = await self._fleet.infer(
                self._card.name, encoded.body, headers, max(0.0, call.time_left_s(self._card)), len(rows), waits=False
            )
        except EkibenError as error:
            row = _ROW.match(error.param or "")
            error.param = rows[int(row[1])].param if row and int(row[1]) < len(rows) else None
            raise
        found = verdicts(self._card, decode_response(reply.body, reply.header_length).outputs)
        flagged = [tuple(name for name, is_flagged in each.categories.items() if is_flagged) for each in found]
        return [Finding(row.param, names) for row, names in zip(rows, flagged, strict=True) if names]


def batches(rows: Iterable[Piece], inputs: Inputs) -> Iterator[list[Piece]]:
    """As much a request as the model's card allows, in items and in characters."""
    batch: list[Piece] = []
    total = 0
    for row in rows:
        size = len(row.content) if isinstance(row.content, str) else 0
        is_over = inputs.max_total_characters is not None and total + size > inputs.max_total_characters
        if batch and (is_over or len(batch) == inputs.max_items):
            yield batch
            batch, total = [], 0
        batch.append(row)
        total += size
    if batch:
        yield batch


def cut(text: str, size: int, overlap: int) -> Iterator[str]:
    """Pieces of at most `size` characters; each begins with the last `overlap` of the one before."""
    for start in range(0, max(1, len(text) - overlap), size - overlap):
        yield text[start : start + size]
