"""The one page between serving and models that write text.

A runtime implements `Generator`. It knows nothing of queues or callers; the worker knows nothing of templates,
tokenizers or where the model is computed. A request flows through three calls:

    prepare   check it against the model, before it may wait       raises InvalidRequest
    open      begin: nothing more is refused once this returns     raises EkibenError
    iterate   pieces of text as they are written, at last a Finish; closing the stream stops the computing
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

Role: TypeAlias = Literal["system", "user", "assistant"]
FinishReason: TypeAlias = Literal["stop", "length"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen; what is None is the runtime's own choice.

    A `seed` asks for the same text again: the runtime then reuses nothing that another request has computed.
    """

    temperature: float | None = None
    top_p: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What to write.

    Attributes:
        prompt: The turns of a chat, which the model's own template joins; or plain text to go on from.
        max_tokens: Of the answer; None: as many as the card and the context allow.
        stop: Texts before which the answer ends.
        top_logprobs: Likeliest alternatives to give for every token, 0 for the chosen token alone; None: nothing.
        stream: Whether somebody reads along; if not, the text comes to the caller in one piece.
    """

    prompt: str | tuple[Message, ...]
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    sampling: Sampling = Sampling()
    top_logprobs: int | None = None
    stream: bool = True

    @property
    def text(self) -> str:
        """Everything the caller wrote as one text, whose length a card may limit."""
        return self.prompt if isinstance(self.prompt, str) else "\n".join(turn.content for turn in self.prompt)


@dataclass(frozen=True, slots=True)
class Alternative:
    """A token that was chosen or could have been; `bytes` because a token may hold a part of a character."""

    token: str
    logprob: float
    bytes: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A chosen token, and the likeliest in its place."""

    chosen: Alternative
    top: tuple[Alternative, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """Some more text; its tokens where log probabilities were asked for."""

    text: str
    logprobs: tuple[TokenLogprob, ...] = ()


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of an answer.

    Attributes:
        prompt_tokens: Of the prompt, the template's own included.
    """

    reason: FinishReason
    prompt_tokens: int
    completion_tokens: int


Event: TypeAlias = Piece | Finish


class TextStream(Protocol):
    """An answer being written: pieces, then one `Finish`."""

    def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate once.

        Raises:
            EkibenError: It could not be finished.
        """

    async def aclose(self) -> None:
        """Stop the computing, wherever it is; harmless after the end."""


class Generator(Protocol):
    """A loaded model, or one that is computed elsewhere; used on one event loop."""

    device: str

    @property
    def ready(self) -> bool:
        """Whether it can take requests now."""

    async def warm_up(self) -> None:
        """Do what a first request would otherwise pay for; called before readiness."""

    async def prepare(self, request: GenerationRequest) -> GenerationRequest:
        """Check the request and fill in what it left open, as far as that can be known without computing.

        Raises:
            ContextLengthExceeded: Prompt and answer do not fit.
        """

    async def open(self, request: GenerationRequest) -> TextStream:
        """Begin to write.

        Raises:
            EkibenError: It cannot be written.
        """

    async def close(self) -> None:
        """Let go of memory, device and connections."""
