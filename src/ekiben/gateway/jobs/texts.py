"""Jobs that write: the input is the body of `/v1/chat/completions`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from pydantic import JsonValue, ValidationError
from starlette.responses import Response

from ekiben.errors import InvalidRequest
from ekiben.gateway.chat_asking import chat_ask, chat_format
from ekiben.gateway.content import Content
from ekiben.gateway.content import Piece as Judged
from ekiben.gateway.documents import json_response
from ekiben.gateway.generation import Answer, TextAsk
from ekiben.gateway.jobs.kinds import Finished, Prepared
from ekiben.gateway.jobs.tensors import reply_of
from ekiben.gateway.jobs.verdicts import judged_once
from ekiben.gateway.state import GatewayState
from ekiben.gateway.text_moderation import prompt_content
from ekiben.inference.generation import Piece
from ekiben.inference.generation_lines import Ending, decode_line, encode_request
from ekiben.schemas.chat_completions import ChatCompletionRequest
from ekiben.schemas.faults import fault

_BLANK: Final[dict[str, JsonValue]] = {"messages": [{"role": "user", "content": "-"}]}


class ChatJobs:
    """See the module."""

    route: Final = "/v1/chat/completions"

    def prepare(self, gateway: GatewayState, body: bytes) -> Prepared:
        """Check an input as the synchronous route would."""
        return prepared_text(_asked(gateway, body), orjson.loads(body))

    async def answer(self, finished: Finished) -> Response:
        """What the synchronous route makes of the same lines."""
        inline: Any = finished.job.specification.inline
        asked = ChatCompletionRequest.model_validate(inline["request"])
        lines = [decode_line(line) for line in (await reply_of(finished)).body.splitlines() if line]
        pieces = [line for line in lines if isinstance(line, Piece)]
        (ending,) = [line for line in lines if isinstance(line, Ending)]
        text = "".join(piece.text for piece in pieces)

        async def written() -> Content:
            return (Judged(text),)

        await judged_once(finished, self.route, written)
        logprobs = tuple(each for piece in pieces for each in piece.logprobs)
        return json_response(chat_format(finished.job.model, asked).whole(Answer(text, logprobs, ending)))


def prepared_text(ask: TextAsk, asked: Mapping[str, JsonValue]) -> Prepared:
    """A checked request as a job; of what was asked, all but the chat is kept for writing the answer.

    Raises:
        InvalidRequest: It is to be streamed.
    """
    if ask.wanted.stream:
        raise InvalidRequest("a job is not streamed.", param="stream")
    return Prepared(
        card=ask.card,
        route=ChatJobs.route,
        inline={
            "path": "/generate",
            "headers": {"content-type": "application/json"},
            "request": {**asked, **_BLANK},
        },
        blob=encode_request(ask.wanted),
        work=float(ask.wanted.max_tokens or 1),
        content=lambda: prompt_content(ask.wanted),
    )


def _asked(gateway: GatewayState, body: bytes) -> TextAsk:
    try:
        return chat_ask(gateway, ChatCompletionRequest.model_validate_json(body))
    except ValidationError as error:
        raise fault(error) from None
