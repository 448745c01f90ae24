"""A second, internal server inside a process that BentoML's server owns."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from ekiben.errors import ConfigurationError
from ekiben.worker.http_protocol import BoundedHttp
from ekiben.worker.websocket_protocol import BoundedSocket

SOCKET_SUFFIX = ".sock"
KEEP_ALIVE_S = 60
# sockaddr_un holds 108 bytes on Linux and 104 on macOS, the final zero included.
_MAX_SOCKET_PATH_BYTES = 103


class _Embedded(uvicorn.Server):
    """Uvicorn without its signal handlers: the process has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Listener:
    """Serves an ASGI app on a socket of its own until closed.

    Args:
        app: What to serve.
        address: A Unix socket, whose folder is made for this user only, or `host:port`.
    """

    def __init__(self, app: ASGIApp, address: Path | str) -> None:
        self._address = address
        config = uvicorn.Config(
            app,
            http=BoundedHttp,
            ws=BoundedSocket,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
        )
        self._server = _Embedded(config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Bind and serve in the running loop.

        Raises:
            ConfigurationError: The address cannot be had.
        """
        bound = bind_path(self._address) if isinstance(self._address, Path) else bind_port(self._address)
        self._serving = asyncio.create_task(self._server.serve(sockets=[bound]))

    async def close(self) -> None:
        """Stop accepting, finish what is in flight, remove the socket."""
        if isinstance(self._address, Path):
            self._address.unlink(missing_ok=True)
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving


def bind_path(path: Path) -> socket.socket:
    """A listening Unix socket at `path`, replacing what was there.

    It is bound under a temporary name and renamed once it listens, so that whoever sees it can connect.

    Raises:
        ConfigurationError: The path is too long for a socket, or its folder belongs to someone else.
    """
    if len(os.fsencode(path)) > _MAX_SOCKET_PATH_BYTES:
        raise ConfigurationError(f"EKIBEN_RUN_DIR is too long for a Unix socket: {path}")
    make_private(path.parent)
    temporary = path.with_name(f".{os.getpid()}")
    temporary.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    bound.bind(str(temporary))
    temporary.chmod(0o600)  # Before it listens, so that nobody else ever connects, whatever the folder allows.
    bound.listen(2048)
    temporary.rename(path)
    return bound


def bind_port(address: str) -> socket.socket:
    """A listening TCP socket at `host:port`, which several workers of a model may share.

    Raises:
        ConfigurationError: It is taken, or not this machine's.
    """
    host, _, port = address.rpartition(":")
    try:
        return socket.create_server((host.strip("[]"), int(port)), family=_family(host), backlog=2048, reuse_port=True)
    except OSError as error:
        raise ConfigurationError(f"EKIBEN_WORKER_LISTEN {address} cannot be opened: {error.strerror}.") from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def make_private(folder: Path) -> None:
    """Make the folder for this user only; whoever can write to it, or rename it, can pose as a worker.

    Raises:
        ConfigurationError: It or the folder around it belongs to someone else or is open to others.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)
    found, around = folder.stat(), folder.resolve().parent.stat()
    if found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise ConfigurationError(f"EKIBEN_RUN_DIR {folder} must belong to this user and not be writable by others.")
    # In a sticky folder such as /tmp others can write, but not rename what is not theirs.
    open_to_others = around.st_mode & 0o022 and not around.st_mode & stat.S_ISVTX
    if around.st_uid not in (0, os.getuid()) or open_to_others:
        raise ConfigurationError(f"EKIBEN_RUN_DIR {folder} lies in a folder where others can replace it.")
