"""Reading success bodies: whatever does not fit becomes one kind of error, never a bare KeyError."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ekiben.client.errors import UnexpectedResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ekiben.client.call import Answer


@contextmanager
def readable(answer: Answer) -> Iterator[None]:
    """Turn a misfit found inside into `UnexpectedResponse`."""
    try:
        yield
    # pydantic's ValidationError is a ValueError.
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise UnexpectedResponse(
            f"the answer does not have the expected form ({type(error).__name__})",
            request_id=answer.request_id,
        ) from error


def schema(path: str) -> Callable[[Answer], Any]:
    """Read an answer as the model `module:Class` below `ekiben.schemas`.

    It is imported by the first answer: building pydantic's models takes longer than importing the client.
    """
    module, _, name = path.partition(":")

    def parse(answer: Answer) -> Any:
        model = getattr(import_module(f"ekiben.schemas.{module}"), name)
        with readable(answer):
            return model.model_validate_json(answer.body)

    return parse
