"""How the client names itself to servers."""

from __future__ import annotations

from functools import cache


@cache
def user_agent() -> str:
    """`ekiben-python/<version>`; looked up at the first call, since finding the version reads files."""
    import ekiben

    return f"ekiben-python/{ekiben.__version__}"
