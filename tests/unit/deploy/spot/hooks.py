"""Between boto3 and AWS: who counts calls, ends the process at one of them, or refuses them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ekiben.deploy.spot.clients import Clients

_READING = ("Describe", "Get", "List", "BatchGet")


class Killed(BaseException):
    """As a process is that is killed: nothing catches it."""


def changes_things(operation: str) -> bool:
    return not operation.startswith(_READING)


@contextmanager
def every_call(aws: Clients, event: str, hook: Callable[..., Any]) -> Iterator[None]:
    """Have a hook of botocore's on every call of every client."""
    clients: list[Any] = [getattr(aws, field.name) for field in dataclasses.fields(aws)]
    for client in clients:
        client.meta.events.register(event, hook)
    try:
        yield
    finally:
        for client in clients:
            client.meta.events.unregister(event, hook)


@contextmanager
def recorded(aws: Clients) -> Iterator[list[tuple[str, str]]]:
    """All calls as (service, operation)."""
    calls: list[tuple[str, str]] = []

    def note(model: Any, **_: Any) -> None:
        calls.append((model.service_model.service_name, model.name))

    with every_call(aws, "before-call", note):
        yield calls


@contextmanager
def killed_after_one_change(aws: Clients) -> Iterator[None]:
    """The first call that changes something takes effect; its answer is never seen."""

    def kill(model: Any, http_response: Any, **_: Any) -> None:
        if changes_things(model.name) and http_response.status_code < 300:
            raise Killed(model.name)

    with every_call(aws, "after-call", kill):
        yield


@contextmanager
def killed_before_second_change(aws: Clients) -> Iterator[None]:
    """The first call that changes something is answered; the second is never sent."""
    changes = 0

    def kill(model: Any, **_: Any) -> None:
        nonlocal changes
        changes += changes_things(model.name)
        if changes > 1:
            raise Killed(model.name)

    with every_call(aws, "before-call", kill):
        yield


@contextmanager
def denied(aws: Clients, allowed: set[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """AWS refuses every call but those allowed, each service in its own words; yields what was refused."""
    refused: list[tuple[str, str]] = []

    def deny(model: Any, **_: Any) -> tuple[Any, dict[str, Any]] | None:
        call = (model.service_model.service_name, model.name)
        if call in allowed:
            return None
        refused.append(call)
        return _Forbidden(), {"Error": _words(*call), "ResponseMetadata": {"HTTPStatusCode": 403}}

    with every_call(aws, "before-call", deny):
        yield refused


def _words(service: str, operation: str) -> dict[str, str]:
    if service == "ec2":
        return {"Code": "UnauthorizedOperation", "Message": "You are not authorized to perform this operation."}
    if service == "s3":
        return {"Code": "AccessDenied", "Message": "Access Denied"}
    prefix = {"elbv2": "elasticloadbalancing"}.get(service, service)
    action = f"{prefix}:{operation}"
    if service == "budgets":
        action = "budgets:ViewBudget" if operation.startswith("Describe") else "budgets:ModifyBudget"
    who = "User: arn:aws:iam::123456789012:user/somebody"
    return {
        "Code": "AccessDenied" if service in ("iam", "elbv2", "autoscaling") else "AccessDeniedException",
        "Message": f"{who} is not authorized to perform: {action} on resource: arn:aws:any because no policy allows it",
    }


class _Forbidden:
    status_code = 403
    headers: dict[str, str] = {}  # noqa: RUF012
