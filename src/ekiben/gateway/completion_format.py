"""An answer as `/v1/completions` writes it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from ekiben.gateway.generation import Answer
from ekiben.gateway.generation_numbers import answer_id, usage_of
from ekiben.inference.generation import Piece, TokenLogprob
from ekiben.inference.generation_lines import Ending


class CompletionFormat:
    """See `ekiben.gateway.generation.Format`; one for each answer.

    Args:
        model: The served name.
        with_logprobs: Whether log probabilities were asked for.
        with_usage: Whether a stream ends with the token counts.
    """

    def __init__(self, model: str, *, with_logprobs: bool, with_usage: bool) -> None:
        head = {"id": answer_id("cmpl"), "object": "text_completion", "created": int(time.time()), "model": model}
        self._head: Mapping[str, object] = head
        self._with_logprobs, self._with_usage = with_logprobs, with_usage
        self._offset = 0

    def opening(self) -> None:
        """Nothing: a stream of this kind begins with text."""
        return

    def piece(self, piece: Piece) -> Mapping[str, object]:
        """More text."""
        return self._answer(piece.text, self._logprobs(piece.logprobs), None, None)

    def closing(self, ending: Ending) -> list[Mapping[str, object]]:
        """How it ended, and the counts."""
        chunks = [self._answer("", None, ending.finish.reason, None)]
        if self._with_usage:
            chunks.append({**self._head, "choices": [], "usage": usage_of(ending.finish)})
        return chunks

    def whole(self, answer: Answer) -> Mapping[str, object]:
        """The answer at once."""
        finish = answer.ending.finish
        return self._answer(answer.text, self._logprobs(answer.logprobs), finish.reason, usage_of(finish))

    def _answer(
        self, text: str, logprobs: object, finish_reason: str | None, usage: Mapping[str, int] | None
    ) -> Mapping[str, object]:
        choice = {"index": 0, "text": text, "logprobs": logprobs, "finish_reason": finish_reason}
        answer = {**self._head, "choices": [choice]}
        return {**answer, "usage": usage} if usage or self._with_usage else answer

    def _logprobs(self, found: Sequence[TokenLogprob]) -> Mapping[str, object] | None:
        if not self._with_logprobs:
            return None
        return {
            "tokens": [token.chosen.token for token in found],
            "token_logprobs": [token.chosen.logprob for token in found],
            "top_logprobs": [{each.token: each.logprob for each in token.top} for token in found],
            "text_offset": [self._place(token.chosen.token) for token in found],
        }

    def _place(self, token: str) -> int:
        """Where in the answer a token begins; called for each in turn."""
        place = self._offset
        self._offset += len(token)
        return place
