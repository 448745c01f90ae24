"""`POST /v1/chat/completions`, OpenAI's, for models that read and write text."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, model_validator
from pydantic_core import PydanticCustomError

from ekiben.schemas.base import RequestModel, ResponseModel
from ekiben.schemas.generation import (
    MAX_TOP_LOGPROBS,
    CompletionUsage,
    FinishReason,
    GenerationOptions,
    Ignored,
    MaxTokens,
    ResponseFormat,
    Unsupported,
)

MAX_MESSAGES = 4_096


class TextPart(RequestModel):
    """A part of a message; text is the only kind that is read."""

    type: Literal["text"]
    text: str


class ChatMessage(RequestModel):
    """One turn; `developer` is another word for `system`."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | Annotated[list[TextPart], Field(min_length=1, max_length=MAX_MESSAGES)]
    name: Ignored = None
    refusal: Unsupported = None
    audio: Unsupported = None
    tool_calls: Unsupported = None
    function_call: Unsupported = None

    @property
    def text(self) -> str:
        """What the turn says."""
        return self.content if isinstance(self.content, str) else "\n".join(part.text for part in self.content)


class ChatCompletionRequest(GenerationOptions):
    """A chat to go on with."""

    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MAX_MESSAGES, fail_fast=True)]
    max_completion_tokens: MaxTokens | None = None
    logprobs: StrictBool | None = None
    top_logprobs: Annotated[StrictInt, Field(ge=0, le=MAX_TOP_LOGPROBS)] | None = None
    response_format: ResponseFormat | None = None
    modalities: list[Literal["text"]] | None = None
    tools: Unsupported = None
    tool_choice: Unsupported = None
    functions: Unsupported = None
    function_call: Unsupported = None
    audio: Unsupported = None
    prediction: Unsupported = None
    web_search_options: Unsupported = None
    parallel_tool_calls: Ignored = None
    reasoning_effort: Ignored = None
    verbosity: Ignored = None

    @model_validator(mode="after")
    def _agrees(self) -> ChatCompletionRequest:
        if self.max_tokens is not None and self.max_completion_tokens not in (None, self.max_tokens):
            raise PydanticCustomError("two_limits", "max_tokens and max_completion_tokens differ; send one of them")
        if self.top_logprobs is not None and not self.logprobs:
            raise PydanticCustomError("no_logprobs", "top_logprobs needs logprobs to be true")
        return self


class TopLogprob(ResponseModel):
    """A token that could have been chosen; `bytes` because it may hold a part of a character."""

    token: str
    logprob: float
    bytes: list[int] | None = None


class ChatTokenLogprob(TopLogprob):
    """A token of the answer, and the likeliest in its place."""

    top_logprobs: list[TopLogprob] = Field(default_factory=list)


class ChatLogprobs(ResponseModel):
    """Of every token of the answer, or of a chunk of it."""

    content: list[ChatTokenLogprob] | None = None
    refusal: None = None


class ChatAnswer(ResponseModel):
    """What the model says."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class ChatChoice(ResponseModel):
    """The one answer; it ended by itself or at a stop text (`stop`), or was cut (`length`)."""

    index: Literal[0] = 0
    message: ChatAnswer
    finish_reason: FinishReason
    logprobs: ChatLogprobs | None = None


class ChatCompletion(ResponseModel):
    """An answer; `created` is in Unix seconds."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[ChatChoice]
    usage: CompletionUsage


class ChatDelta(ResponseModel):
    """What a chunk adds; the first one has the role."""

    role: Literal["assistant"] | None = None
    content: str | None = None


class ChatChunkChoice(ResponseModel):
    """More of the one answer; the last such chunk says how it ended."""

    index: Literal[0] = 0
    delta: ChatDelta
    finish_reason: FinishReason | None = None
    logprobs: ChatLogprobs | None = None


class ChatCompletionChunk(ResponseModel):
    """One event of a stream; `usage` comes in a last one without choices, where it was asked for."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: list[ChatChunkChoice]
    usage: CompletionUsage | None = None
