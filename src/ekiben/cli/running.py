"""Talking to the platform that runs on this machine, over its private socket."""

from __future__ import annotations

import os
import socket
import tempfile
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx

from ekiben.errors import ConfigurationError, from_payload
from ekiben.gateway.control import CONTROL_NAME
from ekiben.settings import Settings
from ekiben.worker.listener import SOCKET_SUFFIX

# Loading a large model takes minutes.
_TIMEOUT_S: Final = 1_000.0


def run_dirs() -> Path:
    """The folder of the run folders of this user's platforms."""
    return Path(tempfile.gettempdir()) / f"ekiben-{os.getuid()}"


def ask_platform(
    settings: Settings, path: str, *, method: str = "POST", timeout_s: float = _TIMEOUT_S
) -> dict[str, Any]:
    """Ask the gateway of the one platform that runs here, or of the one `EKIBEN_RUN_DIR` names.

    Args:
        settings: Where the platform's run folder is.
        path: What is asked.
        method: Of the request.
        timeout_s: Of each of its parts.

    Raises:
        ConfigurationError: None runs, or several do.
        EkibenError: What the platform answers.
    """
    transport = httpx.HTTPTransport(uds=str(_control_socket(settings)))
    with httpx.Client(transport=transport, timeout=timeout_s) as client:
        try:
            response = client.request(method, f"http://gateway{path}")
        except httpx.TransportError as error:
            raise ConfigurationError(f"the platform does not answer: {error}") from error
    content: dict[str, Any] = response.json()
    if response.status_code != HTTPStatus.OK:
        raise from_payload(response.status_code, content)
    return content


def run_dir_of(settings: Settings, socket: str) -> Path:
    """The run folder of the one platform that runs here and has a socket of that name, or of the one that is named.

    Raises:
        ConfigurationError: None runs, or several do.
    """
    return _one_socket(settings, socket).parent


def _control_socket(settings: Settings) -> Path:
    return _one_socket(settings, f"{CONTROL_NAME}.*{SOCKET_SUFFIX}")


def _one_socket(settings: Settings, pattern: str) -> Path:
    if "run_dir" in settings.model_fields_set:
        found = sorted(settings.run_dir.glob(pattern))
    else:
        found = sorted(run_dirs().glob(f"*/{pattern}"))
    found = [path for path in found if _is_open(path)]
    folders = sorted({str(path.parent) for path in found})
    if not folders:
        raise ConfigurationError("no platform of this user runs here; `ekiben serve` starts one")
    if len(folders) > 1:
        raise ConfigurationError(f"several platforms run here; set EKIBEN_RUN_DIR to one of {', '.join(folders)}")
    return found[0]


def _is_open(path: Path) -> bool:
    """Whether somebody listens; the socket of a platform that was killed is removed."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            path.unlink(missing_ok=True)
            return False
    return True
