"""`await client.chat.completions.create` and `client.completions.create` of the asynchronous client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Unpack, overload

from ekiben.client import generation
from ekiben.client.generation import DEFAULT_MODEL
from ekiben.client.stream import AsyncStream

if TYPE_CHECKING:
    from ekiben.client.generation import ChatOptions, CompletionOptions, Turns
    from ekiben.client.generation_results import ChatCompletion, Completion, TextChunk
    from ekiben.client.methods import Awaiting
    from ekiben.client.pace import Pace


class AsyncChatCompletionsResource:
    """Chats."""

    def __init__(self, client: Awaiting, pace: Pace) -> None:
        self._client, self._pace = client, pace

    @overload
    async def create(
        self,
        messages: Turns,
        model: str = ...,
        *,
        stream: Literal[False] = ...,
        **options: Unpack[ChatOptions],
    ) -> ChatCompletion: ...

    @overload
    async def create(
        self, messages: Turns, model: str = ..., *, stream: Literal[True], **options: Unpack[ChatOptions]
    ) -> AsyncStream[TextChunk]: ...

    async def create(
        self,
        messages: Turns,
        model: str = DEFAULT_MODEL,
        *,
        stream: bool = False,
        **options: Unpack[ChatOptions],
    ) -> ChatCompletion | AsyncStream[TextChunk]:
        """Have the model say what comes next.

        Args:
            messages: The chat so far, each with `role` and `content`.
            model: Served name of the model.
            stream: Whether to get the answer piece by piece, as it is written.
            **options: See `ChatOptions`; and `timeout`, `priority` and `request_id`.
        """
        if stream:
            opened = await self._client.carry_out(generation.chat_stream(messages, model, **options))
            return AsyncStream(opened, self._pace, generation.chunk_of)
        return await self._client.carry_out(generation.chat(messages, model, **options))


class AsyncChatResource:
    """`completions`, as OpenAI's client has it."""

    def __init__(self, client: Awaiting, pace: Pace) -> None:
        self.completions = AsyncChatCompletionsResource(client, pace)


class AsyncCompletionsResource:
    """Plain texts, without a chat's template."""

    def __init__(self, client: Awaiting, pace: Pace) -> None:
        self._client, self._pace = client, pace

    @overload
    async def create(
        self, prompt: str, model: str = ..., *, stream: Literal[False] = ..., **options: Unpack[CompletionOptions]
    ) -> Completion: ...

    @overload
    async def create(
        self, prompt: str, model: str = ..., *, stream: Literal[True], **options: Unpack[CompletionOptions]
    ) -> AsyncStream[TextChunk]: ...

    async def create(
        self, prompt: str, model: str = DEFAULT_MODEL, *, stream: bool = False, **options: Unpack[CompletionOptions]
    ) -> Completion | AsyncStream[TextChunk]:
        """Have the model go on from a text.

        Args:
            prompt: The text.
            model: Served name of the model.
            stream: Whether to get the answer piece by piece, as it is written.
            **options: See `CompletionOptions`; and `timeout`, `priority` and `request_id`.
        """
        if stream:
            opened = await self._client.carry_out(generation.completion_stream(prompt, model, **options))
            return AsyncStream(opened, self._pace, generation.chunk_of)
        return await self._client.carry_out(generation.completion(prompt, model, **options))
