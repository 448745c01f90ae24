"""Jobs of models that answer one request with tensors: embeddings, classifications."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import orjson
from pydantic import BaseModel, JsonValue, ValidationError
from starlette.responses import Response

from ekiben.gateway.flow import Ask
from ekiben.gateway.jobs.kinds import Finished, Prepared
from ekiben.gateway.jobs.result_blobs import result_blobs
from ekiben.gateway.state import GatewayState
from ekiben.gateway.worker_client import Reply
from ekiben.inference import protocol
from ekiben.jobs import Job
from ekiben.schemas.faults import fault

M = TypeVar("M", bound=BaseModel)


class TensorJobs(Generic[M]):
    """See the module.

    Args:
        route: The synchronous route.
        schema: Of its body.
        ask: What it makes of a body.
        respond: What it makes of a finished job's body and a worker's answer. The model may not be served any more.
        blank: Takes the content's place in what is kept of the body, from which the answer is written.
    """

    def __init__(
        self,
        route: str,
        schema: type[M],
        ask: Callable[[GatewayState, M], Ask],
        respond: Callable[[Finished, M, Reply], Response],
        blank: Mapping[str, JsonValue],
    ) -> None:
        self.route, self._schema, self._ask, self._respond, self._blank = route, schema, ask, respond, blank

    def prepare(self, gateway: GatewayState, body: bytes) -> Prepared:
        """Check an input as the synchronous route would; its tensors go into a blob."""
        try:
            ask = self._ask(gateway, self._schema.model_validate_json(body))
        except ValidationError as error:
            raise fault(error) from None
        headers: dict[str, JsonValue] = {"content-type": "application/octet-stream"}
        if ask.header_length is not None:
            headers[protocol.HEADER_LENGTH] = str(ask.header_length)
        outline = {**orjson.loads(body), **self._blank}
        return Prepared(
            card=ask.card,
            route=self.route,
            inline={"path": "/infer", "headers": headers, "request": outline},
            blob=ask.body,
            work=float(ask.items),
            content=ask.content,
        )

    async def answer(self, finished: Finished) -> Response:
        """What the synchronous route makes of the same tensors."""
        inline: Any = finished.job.specification.inline
        asked, reply = self._schema.model_validate(inline["request"]), await reply_of(finished)
        return self._respond(finished, asked, reply)


async def reply_of(finished: Finished) -> Reply:
    """The worker's answer as it came.

    Raises:
        Gone: It is not there any more.
    """
    (body,) = await result_blobs(finished.job, finished.desk.blobs)
    return Reply(body, _headers(finished.job))


def _headers(job: Job) -> Mapping[str, str]:
    value: Any = job.result.value if job.result else {}
    headers: Mapping[str, str] = value["headers"]
    return headers
