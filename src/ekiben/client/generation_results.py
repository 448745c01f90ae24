"""What calls for text return."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ekiben.client.results import Result

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class TextUsage:
    """Tokens counted by the model's own tokenizer, those of its chat template included."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


@dataclass(frozen=True, slots=True)
class Token:
    """A token, its log probability, and the likeliest in its place."""

    token: str
    logprob: float
    top: Sequence[Token] = ()


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn of a chat."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class ChatChoice:
    """The one answer; `finish_reason` is `stop`, or `length` where it was cut."""

    message: ChatMessage
    finish_reason: str
    logprobs: Sequence[Token] = ()
    index: int = 0


@dataclass(frozen=True, slots=True)
class ChatCompletion(Result):
    """What the model says next; `created` is in Unix seconds."""

    id: str
    created: int
    choices: Sequence[ChatChoice]
    usage: TextUsage

    @property
    def text(self) -> str:
        """The answer itself."""
        return self.choices[0].message.content


@dataclass(frozen=True, slots=True)
class CompletionChoice:
    """The one answer; `finish_reason` is `stop`, or `length` where it was cut."""

    text: str
    finish_reason: str
    logprobs: Sequence[Token] = ()
    index: int = 0


@dataclass(frozen=True, slots=True)
class Completion(Result):
    """What the model writes next; `created` is in Unix seconds."""

    id: str
    created: int
    choices: Sequence[CompletionChoice]
    usage: TextUsage

    @property
    def text(self) -> str:
        """The answer itself."""
        return self.choices[0].text


@dataclass(frozen=True, slots=True)
class TextChunk:
    """Some more of an answer; the last ones have no text but say how it ended, and the tokens it took."""

    text: str = ""
    finish_reason: str | None = None
    usage: TextUsage | None = None
    logprobs: Sequence[Token] = ()
