"""Machine-learning models as production services on BentoML.

`from ekiben import Client, AsyncClient` is the public interface in Python. Names are loaded when first
used, so that `import ekiben` costs a server or a command nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ekiben.version import __version__

if TYPE_CHECKING:
    from ekiben.client.async_client import AsyncClient
    from ekiben.client.client import Client

__all__ = ["AsyncClient", "Client", "__version__"]


def __getattr__(name: str) -> object:
    if name == "Client":
        from ekiben.client.client import Client

        return Client
    if name == "AsyncClient":
        from ekiben.client.async_client import AsyncClient

        return AsyncClient
    raise AttributeError(f"module 'ekiben' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
