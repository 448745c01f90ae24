"""OpenAI's completion API as a client sees it: a request's body, and the pieces in the chunks that come back.

Servers differ in details; what is read here is what vLLM, TensorRT-LLM and llama.cpp agree on, and where they do not
(log probabilities of plain completions), either form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ekiben.errors import Unavailable
from ekiben.inference.generation import (
    Alternative,
    Event,
    Finish,
    FinishReason,
    GenerationRequest,
    Piece,
    TokenLogprob,
)

CHAT: Final = "chat/completions"
PLAIN: Final = "completions"


def path_of(request: GenerationRequest) -> str:
    """Where the request goes, from the API's root on."""
    return PLAIN if isinstance(request.prompt, str) else CHAT


def body_of(request: GenerationRequest, model: str) -> dict[str, Any]:
    """The JSON body; what the request leaves open is left out, so that the server's own choice holds.

    Always of a stream, whether somebody reads along or not: a server notices that its caller has left when it writes,
    and some notice it then alone.
    """
    sampling = request.sampling
    wanted = {
        "max_tokens": request.max_tokens,
        "stop": list(request.stop) or None,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "seed": sampling.seed,
    }
    body = {name: value for name, value in wanted.items() if value is not None}
    stream = {"stream": True, "stream_options": {"include_usage": True}}
    return {"model": model, **stream, **_prompt(request), **_logprobs(request), **body}


def _prompt(request: GenerationRequest) -> dict[str, Any]:
    if isinstance(request.prompt, str):
        return {"prompt": request.prompt}
    return {"messages": [{"role": turn.role, "content": turn.content} for turn in request.prompt]}


def _logprobs(request: GenerationRequest) -> dict[str, Any]:
    if request.top_logprobs is None:
        return {}
    if isinstance(request.prompt, str):
        return {"logprobs": request.top_logprobs}
    return {"logprobs": True, "top_logprobs": request.top_logprobs}


class ChunkReader:
    """Turns one answer's chunks into events.

    Args:
        top_logprobs: As the request has it: None for no log probabilities (some servers send them unasked), 0 for
            the chosen tokens' alone.
    """

    def __init__(self, *, top_logprobs: int | None) -> None:
        self._top_logprobs = top_logprobs
        self._reason: FinishReason | None = None
        self._usage: Mapping[str, Any] = {}

    def read(self, chunk: Mapping[str, Any]) -> list[Event]:
        """The pieces of a chunk; none where it has news of another kind."""
        self._usage = chunk.get("usage") or self._usage
        return [piece for choice in chunk.get("choices", ()) if (piece := self._choice(choice))]

    def finish(self) -> Finish:
        """What ends the answer.

        Raises:
            Unavailable: The server stopped before it said that it had finished.
        """
        if self._reason is None:
            raise Unavailable("the model's server broke off in the middle of the answer.", retry_after_s=1)
        return Finish(self._reason, self._usage.get("prompt_tokens", 0), self._usage.get("completion_tokens", 0))

    def _choice(self, choice: Mapping[str, Any]) -> Piece | None:
        reason = choice.get("finish_reason")
        if reason is not None:
            self._reason = "length" if reason == "length" else "stop"
        said = choice.get("delta") or choice
        text = said.get("content") or said.get("text") or ""
        logprobs = self._logprobs(choice.get("logprobs"))
        return Piece(text, logprobs) if text or logprobs else None

    def _logprobs(self, sent: Mapping[str, Any] | None) -> tuple[TokenLogprob, ...]:
        if self._top_logprobs is None:
            return ()
        found = _read_logprobs(sent)
        return found if self._top_logprobs else tuple(TokenLogprob(each.chosen) for each in found)


def _read_logprobs(sent: Mapping[str, Any] | None) -> tuple[TokenLogprob, ...]:
    if not sent:
        return ()
    if "content" in sent:
        return tuple(
            TokenLogprob(_alternative(each), tuple(map(_alternative, each.get("top_logprobs") or ())))
            for each in sent["content"] or ()
        )
    tokens: Sequence[str] = sent.get("tokens") or ()
    chosen: Sequence[float | None] = sent.get("token_logprobs") or ()
    tops: Sequence[Mapping[str, float] | None] = sent.get("top_logprobs") or [None] * len(tokens)
    return tuple(
        TokenLogprob(Alternative(token, logprob or 0.0), tuple(Alternative(*pair) for pair in (top or {}).items()))
        for token, logprob, top in zip(tokens, chosen, tops, strict=False)
    )


def _alternative(sent: Mapping[str, Any]) -> Alternative:
    raw = sent.get("bytes")
    return Alternative(sent["token"], sent["logprob"], None if raw is None else tuple(raw))
