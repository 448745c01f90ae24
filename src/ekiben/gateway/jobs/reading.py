"""Reads a submission: the terms, and for each input what its task's synchronous route would have checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from starlette.responses import Response

from ekiben.cards.card import Task
from ekiben.errors import InvalidRequest
from ekiben.gateway.content import Content
from ekiben.gateway.data_url import read_data_url
from ekiben.gateway.flow import Ask
from ekiben.gateway.jobs.kinds import Finished, JobKind, Prepared
from ekiben.gateway.jobs.pictures import PictureJobs
from ekiben.gateway.jobs.tensors import TensorJobs
from ekiben.gateway.jobs.terms import encoded
from ekiben.gateway.jobs.texts import TextJobs
from ekiben.gateway.routes.classifications import classification_ask, classification_response
from ekiben.gateway.routes.embeddings import embeddings_ask, embeddings_response
from ekiben.gateway.state import GatewayState
from ekiben.gateway.worker_client import Reply
from ekiben.schemas.classifications import ClassificationInput
from ekiben.schemas.embeddings import EmbeddingsRequest
from ekiben.schemas.jobs import JobWish

_BLANK_PICTURE: Final = "data:image/png;base64,AA=="


def _classified(gateway: GatewayState, asked: ClassificationInput) -> Ask:
    return classification_ask(gateway, asked, read_data_url(asked.image, "image"))


def _classification_answer(finished: Finished, asked: ClassificationInput, reply: Reply) -> Response:
    model = finished.job.model
    return classification_response(finished.gateway.labels.get(model), model, asked, reply)


def _embeddings_answer(finished: Finished, asked: EmbeddingsRequest, reply: Reply) -> Response:
    return embeddings_response(finished.job.model, asked, reply)


KINDS: Final[Mapping[Task, JobKind]] = {
    Task.TEXT_TO_IMAGE: PictureJobs(),
    Task.TEXT_EMBEDDING: TensorJobs(
        "/v1/embeddings", EmbeddingsRequest, embeddings_ask, _embeddings_answer, {"input": "-"}
    ),
    Task.IMAGE_CLASSIFICATION: TensorJobs(
        "/v1/images/classifications",
        ClassificationInput,
        _classified,
        _classification_answer,
        {"image": _BLANK_PICTURE},
    ),
    Task.TEXT_GENERATION: TextJobs(),
}
"""What can be done as a job; a task that is not here has nothing worth waiting for."""


def prepared(gateway: GatewayState, wish: JobWish, given: dict[str, Any], param: str) -> Prepared:
    """Check one input.

    Args:
        gateway: Has the cards.
        wish: Names task and model.
        given: The input.
        param: Its field, which comes before that of any fault in it.

    Raises:
        InvalidRequest: It names another model than the wish.
        EkibenError: As the synchronous route, with a longer `param`.
    """
    if wish.model is not None and given.setdefault("model", wish.model) != wish.model:
        raise InvalidRequest(f"{param}.model is another than model; say it once.", param=f"{param}.model")
    if given.get("model") is None:
        # Some synchronous routes ask for one, as OpenAI's do; the task says enough here.
        given["model"] = gateway.card_of_task(None, Task(wish.task)).name
    body = encoded(given, param)
    try:
        found = KINDS[Task(wish.task)].prepare(gateway, body)
    except InvalidRequest as error:
        error.param = f"{param}.{error.param}" if error.param else param
        raise
    return replace(found, content=lambda: _below(param, found.content()))


def _below(param: str, content: Content) -> Content:
    return tuple(replace(piece, param=f"{param}.{piece.param}") for piece in content)
