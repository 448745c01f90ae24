"""What the two clients share beside the flow: how they are shown, pickled and set up again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from ekiben.client.options import ClientOptions


class BaseClient:
    """Holds a client's options; `own_http` says whether its connections are its own to close."""

    def __init__(self, options: ClientOptions, own_http: bool) -> None:
        self._options = options
        self._own_http = own_http

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self._options.base_url!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the options; clock and chance are the new process's own, or its jitter would be a copy.

        Raises:
            TypeError: The client was given an `http_client`, whose settings cannot be carried over.
        """
        if not self._own_http:
            raise TypeError(f"a {type(self).__name__} with an http_client of its caller's cannot be pickled")
        options = self._options
        return self._rebuilt, (options.base_url, options.api_key, options.timeout_s, options.max_retries)

    @classmethod
    def _rebuilt(cls, *arguments: Any) -> Self:
        return cls(*arguments)
