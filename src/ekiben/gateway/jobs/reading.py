"""Reads a submission: the terms, and for each input what its task's synchronous route would have checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from ekiben.cards.card import Task
from ekiben.errors import InvalidRequest
from ekiben.gateway.jobs.kinds import JobKind, Prepared
from ekiben.gateway.jobs.pictures import PictureJobs
from ekiben.gateway.state import GatewayState
from ekiben.schemas.jobs import JobWish

KINDS: Final[Mapping[Task, JobKind]] = {Task.TEXT_TO_IMAGE: PictureJobs()}


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
    try:
        return KINDS[Task(wish.task)].prepare(gateway, orjson.dumps(given))
    except InvalidRequest as error:
        error.param = f"{param}.{error.param}" if error.param else param
        raise
