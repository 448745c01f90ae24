"""Jobs that write: the input is the body of `/v1/chat/completions`; that of `/v1/completions` where it was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import orjson
from pydantic import BaseModel, JsonValue, ValidationError
from starlette.responses import Response

from ekiben.errors import InvalidRequest
from ekiben.gateway.chat_asking import chat_ask, chat_format
from ekiben.gateway.completion_asking import completion_ask, completion_format
from ekiben.gateway.content import Content
from ekiben.gateway.content import Piece as Judged
from ekiben.gateway.documents import json_response
from ekiben.gateway.generation import Answer, Format, TextAsk
from ekiben.gateway.jobs.kinds import Finished, Prepared
from ekiben.gateway.jobs.tensors import reply_of
from ekiben.gateway.jobs.verdicts import judged_once
from ekiben.gateway.state import GatewayState
from ekiben.gateway.text_moderation import prompt_content
from ekiben.inference.generation import Piece
from ekiben.inference.generation_lines import Ending, decode_line, encode_request
from ekiben.schemas.chat_completions import ChatCompletionRequest
from ekiben.schemas.completions import CompletionRequest
from ekiben.schemas.faults import fault

M = TypeVar("M", bound=BaseModel)

CHAT: Final = "/v1/chat/completions"


@dataclass(frozen=True, slots=True)
class _Form(Generic[M]):
    """What the two routes that write differ in; `blank` stands for what lies in the blob."""

    schema: type[M]
    ask: Callable[[GatewayState, M], TextAsk]
    writes: Callable[[str, M], Format]
    blank: Mapping[str, JsonValue]

    def read(self, gateway: GatewayState, body: bytes) -> TextAsk:
        """Check a body as the route does."""
        try:
            return self.ask(gateway, self.schema.model_validate_json(body))
        except ValidationError as error:
            raise fault(error) from None

    def format(self, model: str, asked: Any) -> Format:
        """How an answer is written, whether or not the model is still served."""
        return self.writes(model, self.schema.model_validate(asked))


_FORMS: Final[Mapping[str, _Form[Any]]] = {
    CHAT: _Form(ChatCompletionRequest, chat_ask, chat_format, {"messages": [{"role": "user", "content": "-"}]}),
    "/v1/completions": _Form(CompletionRequest, completion_ask, completion_format, {"prompt": "-"}),
}


class TextJobs:
    """See the module."""

    def prepare(self, gateway: GatewayState, body: bytes) -> Prepared:
        """Check an input as the synchronous route would."""
        return prepared_text(_FORMS[CHAT].read(gateway, body), orjson.loads(body), CHAT)

    async def answer(self, finished: Finished) -> Response:
        """What the synchronous route makes of the same lines."""
        inline: Any = finished.job.specification.inline
        route = inline.get("route", CHAT)
        lines = [decode_line(line) for line in (await reply_of(finished)).body.splitlines() if line]
        pieces = [line for line in lines if isinstance(line, Piece)]
        (ending,) = [line for line in lines if isinstance(line, Ending)]
        text = "".join(piece.text for piece in pieces)

        async def written() -> Content:
            return (Judged(text),)

        await judged_once(finished, route, written)
        logprobs = tuple(each for piece in pieces for each in piece.logprobs)
        return json_response(
            _FORMS[route].format(finished.job.model, inline["request"]).whole(Answer(text, logprobs, ending))
        )


def prepared_text(ask: TextAsk, asked: Mapping[str, JsonValue], route: str) -> Prepared:
    """A checked request to one of the routes as a job; of what was asked, all but the text is kept for the answer.

    Raises:
        InvalidRequest: It is to be streamed.
    """
    if ask.wanted.stream:
        raise InvalidRequest("a job is not streamed.", param="stream")
    return Prepared(
        card=ask.card,
        route=route,
        inline={
            "path": "/generate",
            "headers": {"content-type": "application/json"},
            "route": route,
            "request": {**asked, **_FORMS[route].blank},
        },
        blob=encode_request(ask.wanted),
        work=float(_most_tokens(ask)),
        content=lambda: prompt_content(ask.wanted),
    )


def _most_tokens(ask: TextAsk) -> int:
    """The longest answer there may be: who leaves it open has no smaller share for that."""
    limit = ask.card.generation.max_tokens if ask.card.generation else 1
    return ask.wanted.max_tokens or limit
