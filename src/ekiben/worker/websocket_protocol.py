"""WebSockets for callers nobody knows yet: uvicorn's protocol with short messages and without compression.

What a few compressed bytes become is not known before they have become it, and pictures do not get any smaller.
"""

from __future__ import annotations

import asyncio
from copy import copy
from typing import Any, Final

import uvicorn
import uvicorn.config
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol
from uvicorn.server import ServerState

# A longer one closes the socket (1009).
MAX_MESSAGE_BYTES: Final = 64 * 1024


class BoundedSocket(WSProtocol):
    """One connection whose messages are bounded, whatever the server's own configuration says."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        bounded = copy(config)
        bounded.ws_max_size, bounded.ws_per_message_deflate = MAX_MESSAGE_BYTES, False
        super().__init__(bounded, server_state, app_state, _loop)


def use_bounded_sockets() -> None:
    """Have every server that names no protocol use `BoundedSocket`: BentoML leaves no way to name one."""
    uvicorn.config.WS_PROTOCOLS["auto"] = f"{__name__}:{BoundedSocket.__name__}"
