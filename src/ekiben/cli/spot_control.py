"""`ekiben spot control`: steers the groups of a deployment by the spot policy; runs on its control node."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import structlog
import typer

from ekiben.cli.running import ask_platform
from ekiben.errors import EkibenError
from ekiben.settings import Settings, load_settings

if TYPE_CHECKING:
    from ekiben.deploy.catalogue.instance import Catalogue
    from ekiben.deploy.control.controller import Controller
    from ekiben.deploy.control.numbers import Numbers
    from ekiben.deploy.control.prices import Prices
    from ekiben.deploy.control.seen import Seen
    from ekiben.deploy.spot.clients import Clients
    from ekiben.deploy.spot.config import SpotConfig
    from ekiben.deploy.spot.config_parts import Workers

_log = structlog.get_logger("ekiben.control")
_ASK_WITHIN_S: Final = 5.0
