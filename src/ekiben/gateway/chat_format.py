"""An answer as `/v1/chat/completions` writes it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from ekiben.gateway.generation import Answer
from ekiben.gateway.generation_numbers import alternative, answer_id, usage_of
from ekiben.inference.generation import Piece, TokenLogprob
from ekiben.inference.generation_lines import Ending


class ChatFormat:
    """See `ekiben.gateway.generation.Format`; one for each answer.

    Args:
        model: The served name.
        with_logprobs: Whether log probabilities were asked for.
        with_usage: Whether a stream ends with the token counts.
    """

    def __init__(self, model: str, *, with_logprobs: bool, with_usage: bool) -> None:
        self._head = {"id": answer_id("chatcmpl"), "created": int(time.time()), "model": model}
        self._with_logprobs, self._with_usage = with_logprobs, with_usage

    def opening(self) -> Mapping[str, object]:
        """The role."""
        return self._chunk({"role": "assistant", "content": ""})

    def piece(self, piece: Piece) -> Mapping[str, object]:
        """More content."""
        return self._chunk({"content": piece.text}, self._logprobs(piece.logprobs))

    def closing(self, ending: Ending) -> list[Mapping[str, object]]:
        """How it ended, and the counts."""
        chunks = [self._chunk({}, finish_reason=ending.finish.reason)]
        if self._with_usage:
            chunks.append({**self._chunk({}), "choices": [], "usage": usage_of(ending.finish)})
        return chunks

    def whole(self, answer: Answer) -> Mapping[str, object]:
        """The answer at once."""
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": answer.text, "refusal": None},
            "logprobs": self._logprobs(answer.logprobs),
            "finish_reason": answer.ending.finish.reason,
        }
        usage = usage_of(answer.ending.finish)
        return {**self._head, "object": "chat.completion", "choices": [choice], "usage": usage}

    def _chunk(
        self, delta: Mapping[str, object], logprobs: object = None, finish_reason: str | None = None
    ) -> Mapping[str, object]:
        choice = {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}
        chunk = {**self._head, "object": "chat.completion.chunk", "choices": [choice]}
        return {**chunk, "usage": None} if self._with_usage else chunk

    def _logprobs(self, found: Sequence[TokenLogprob]) -> Mapping[str, object] | None:
        if not self._with_logprobs:
            return None
        content = [
            {**alternative(token.chosen), "top_logprobs": [alternative(each) for each in token.top]} for token in found
        ]
        return {"content": content, "refusal": None}
