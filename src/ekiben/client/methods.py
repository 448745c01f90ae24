"""From a function that makes a `Call` to a method that carries it out.

`create = blocking(embeddings.create)` is a method with the function's parameters and documentation that
returns the result; `awaiting` gives its asynchronous counterpart. So each signature is written once.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from ekiben.client.call import Call, T

P = ParamSpec("P")


class Blocking(Protocol):
    """Whoever can carry out a call."""

    def carry_out(self, call: Call[T], /) -> T:
        """Return the call's result."""


class Awaiting(Protocol):
    """Whoever can carry out a call asynchronously."""

    async def carry_out(self, call: Call[T], /) -> T:
        """Return the call's result."""


def blocking(build: Callable[P, Call[T]]) -> Callable[Concatenate[Any, P], T]:
    """Make the method that builds a call and carries it out."""

    def method(self: Blocking, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.carry_out(build(*args, **kwargs))

    _describe(method, build)
    return method


def awaiting(
    build: Callable[P, Call[T]], *, in_thread: bool = False
) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, T]]:
    """Make the asynchronous method; `in_thread` where building the call reads files or encodes pictures."""

    async def method(self: Awaiting, /, *args: P.args, **kwargs: P.kwargs) -> T:
        call = await asyncio.to_thread(build, *args, **kwargs) if in_thread else build(*args, **kwargs)
        return await self.carry_out(call)

    _describe(method, build)
    return method


def _describe(method: Any, build: Callable[..., Any]) -> None:
    """Copy name, documentation and parameters, so that help() and editors show what the method takes."""
    signature = inspect.signature(build)
    parameter = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    method.__name__, method.__doc__ = build.__name__, build.__doc__
    method.__signature__ = signature.replace(
        parameters=[parameter, *signature.parameters.values()], return_annotation=inspect.Signature.empty
    )
