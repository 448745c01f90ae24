"""`client.chat.completions.create` and `client.completions.create`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Unpack, overload

from ekiben.client import generation
from ekiben.client.generation import DEFAULT_MODEL
from ekiben.client.stream import Stream

if TYPE_CHECKING:
    from ekiben.client.generation import ChatOptions, CompletionOptions, Turns
    from ekiben.client.generation_results import ChatCompletion, Completion, TextChunk
    from ekiben.client.methods import Blocking
    from ekiben.client.pace import Pace


class ChatCompletionsResource:
    """Chats."""

    def __init__(self, client: Blocking, pace: Pace) -> None:
        self._client, self._pace = client, pace

    @overload
    def create(
        self,
        messages: Turns,
        model: str = ...,
        *,
        stream: Literal[False] = ...,
        **options: Unpack[ChatOptions],
    ) -> ChatCompletion: ...

    @overload
    def create(
        self, messages: Turns, model: str = ..., *, stream: Literal[True], **options: Unpack[ChatOptions]
    ) -> Stream[TextChunk]: ...

    def create(
        self,
        messages: Turns,
        model: str = DEFAULT_MODEL,
        *,
        stream: bool = False,
        **options: Unpack[ChatOptions],
    ) -> ChatCompletion | Stream[TextChunk]:
        """Have the model say what comes next.

        Args:
            messages: The chat so far, each with `role` and `content`.
            model: Served name of the model.
            stream: Whether to get the answer piece by piece, as it is written.
            **options: See `ChatOptions`; and `timeout`, `priority` and `request_id`.
        """
        if stream:
            opened = self._client.carry_out(generation.chat_stream(messages, model, **options))
            return Stream(opened, self._pace, generation.chunk_of)
        return self._client.carry_out(generation.chat(messages, model, **options))


class ChatResource:
    """`completions`, as OpenAI's client has it."""

    def __init__(self, client: Blocking, pace: Pace) -> None:
        self.completions = ChatCompletionsResource(client, pace)


class CompletionsResource:
    """Plain texts, without a chat's template."""

    def __init__(self, client: Blocking, pace: Pace) -> None:
        self._client, self._pace = client, pace

    @overload
    def create(
        self, prompt: str, model: str = ..., *, stream: Literal[False] = ..., **options: Unpack[CompletionOptions]
    ) -> Completion: ...

    @overload
    def create(
        self, prompt: str, model: str = ..., *, stream: Literal[True], **options: Unpack[CompletionOptions]
    ) -> Stream[TextChunk]: ...

    def create(
        self, prompt: str, model: str = DEFAULT_MODEL, *, stream: bool = False, **options: Unpack[CompletionOptions]
    ) -> Completion | Stream[TextChunk]:
        """Have the model go on from a text.

        Args:
            prompt: The text.
            model: Served name of the model.
            stream: Whether to get the answer piece by piece, as it is written.
            **options: See `CompletionOptions`; and `timeout`, `priority` and `request_id`.
        """
        if stream:
            opened = self._client.carry_out(generation.completion_stream(prompt, model, **options))
            return Stream(opened, self._pace, generation.chunk_of)
        return self._client.carry_out(generation.completion(prompt, model, **options))
