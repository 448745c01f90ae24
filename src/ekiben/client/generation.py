"""`client.chat.completions` and `client.completions`: what they send, and how they read what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, TypeVar, Unpack

from ekiben.client.call import Answer, Call, CallOptions, Opened
from ekiben.client.generation_results import (
    ChatChoice,
    ChatCompletion,
    ChatMessage,
    Completion,
    CompletionChoice,
    TextChunk,
    TextUsage,
    Token,
)
from ekiben.client.reading import readable
from ekiben.client.server_timing import parse_server_timing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")
DEFAULT_MODEL = "smollm2-135m-instruct"
_CHATS, _PLAIN = "/v1/chat/completions", "/v1/completions"
_OWN = frozenset(CallOptions.__annotations__)


class Turn(TypedDict):
    """One message of a chat."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str


Turns: TypeAlias = "Sequence[Turn]"


class GenerationOptions(CallOptions, total=False):
    """How to write; what is left out is the model's own choice.

    max_tokens: The longest answer.
    temperature, top_p: How freely tokens are chosen; temperature 0 takes the likeliest.
    presence_penalty, frequency_penalty: -2 to 2, against tokens that were used already.
    seed: The same seed gives the same text again.
    stop: One text or up to four, before which the answer ends.
    """

    max_tokens: int
    temperature: float
    top_p: float
    presence_penalty: float
    frequency_penalty: float
    seed: int
    stop: str | Sequence[str]


class ChatOptions(GenerationOptions, total=False):
    """As `GenerationOptions`; `logprobs` gives those of the tokens, `top_logprobs` of so many others each."""

    logprobs: bool
    top_logprobs: int


class CompletionOptions(GenerationOptions, total=False):
    """As `GenerationOptions`; `logprobs` gives those of the tokens and of so many others each."""

    logprobs: int


def chat(messages: Turns, model: str, **options: Unpack[ChatOptions]) -> Call[ChatCompletion]:
    """Go on with a chat."""
    return _call(_CHATS, {"model": model, "messages": list(messages)}, options, _chat_completion)


def chat_stream(messages: Turns, model: str, **options: Unpack[ChatOptions]) -> Call[Opened]:
    """Go on with a chat, piece by piece."""
    return _stream_call(_CHATS, {"model": model, "messages": list(messages)}, options)


def completion(prompt: str, model: str, **options: Unpack[CompletionOptions]) -> Call[Completion]:
    """Go on from a text."""
    return _call(_PLAIN, {"model": model, "prompt": prompt}, options, _completion)


def completion_stream(prompt: str, model: str, **options: Unpack[CompletionOptions]) -> Call[Opened]:
    """Go on from a text, piece by piece."""
    return _stream_call(_PLAIN, {"model": model, "prompt": prompt}, options)


def chunk_of(payload: Any) -> TextChunk:
    """Read the data of one event of a stream."""
    usage = payload.get("usage")
    choice: Mapping[str, Any] = next(iter(payload["choices"]), {})
    return TextChunk(
        text=choice.get("text") or choice.get("delta", {}).get("content") or "",
        finish_reason=choice.get("finish_reason"),
        usage=_usage(usage) if usage else None,
        logprobs=_tokens(choice.get("logprobs")),
    )


def _call(path: str, asked: Mapping[str, Any], options: Any, parse: Callable[[Answer], T]) -> Call[T]:
    own, body = _apart(options)
    return Call("POST", path, parse, body={"json": {**asked, **body}}, options=own)


def _stream_call(path: str, asked: Mapping[str, Any], options: Any) -> Call[Opened]:
    own, body = _apart(options)
    sent = {**asked, **body, "stream": True, "stream_options": {"include_usage": True}}
    return Call("POST", path, _as_it_is, body={"json": sent}, options=own, stream=True)


def _apart(options: Mapping[str, Any]) -> tuple[CallOptions, dict[str, Any]]:
    """What the call is told, and what the server is."""
    own: Any = {name: value for name, value in options.items() if name in _OWN}
    return own, {name: value for name, value in options.items() if name not in _OWN}


def _as_it_is(answer: Answer) -> Opened:
    assert isinstance(answer, Opened), "a streamed call is answered with an open response"  # noqa: S101
    return answer


def _chat_completion(answer: Answer) -> ChatCompletion:
    payload = answer.json()
    with readable(answer):
        choices = tuple(
            ChatChoice(
                ChatMessage(str(each["message"]["role"]), str(each["message"]["content"])),
                str(each["finish_reason"]),
                _tokens(each.get("logprobs")),
                int(each["index"]),
            )
            for each in payload["choices"]
        )
        return ChatCompletion(**_head(answer, payload), choices=choices)


def _completion(answer: Answer) -> Completion:
    payload = answer.json()
    with readable(answer):
        choices = tuple(
            CompletionChoice(
                str(each["text"]), str(each["finish_reason"]), _tokens(each.get("logprobs")), int(each["index"])
            )
            for each in payload["choices"]
        )
        return Completion(**_head(answer, payload), choices=choices)


def _head(answer: Answer, payload: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "model": str(payload["model"]),
        "request_id": answer.request_id,
        "timing": parse_server_timing(answer.headers.get("server-timing")),
        "id": str(payload["id"]),
        "created": int(payload["created"]),
        "usage": _usage(payload["usage"]),
    }


def _usage(sent: Mapping[str, Any]) -> TextUsage:
    return TextUsage(int(sent["prompt_tokens"]), int(sent["completion_tokens"]), int(sent["total_tokens"]))


def _tokens(sent: Mapping[str, Any] | None) -> tuple[Token, ...]:
    """Log probabilities in either form: a chat's list of objects, or a plain completion's lists side by side."""
    if not sent:
        return ()
    if "content" in sent:
        return tuple(
            Token(each["token"], each["logprob"], tuple(Token(t["token"], t["logprob"]) for t in each["top_logprobs"]))
            for each in sent["content"] or ()
        )
    sides = zip(sent["tokens"], sent["token_logprobs"], sent["top_logprobs"], strict=True)
    return tuple(Token(token, logprob, tuple(Token(*pair) for pair in top.items())) for token, logprob, top in sides)
