"""The gateway as a process of its own: its routes, its desk of jobs and its sender of webhooks.

    python -m benchmarks.faults.gateway SOCKET

The settings come from the environment, as any gateway's. What is left out is BentoML's server around it, which takes
longer to start than a nemesis waits.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from benchmarks.faults.planted import EARLY_ACKNOWLEDGEMENT, acknowledge_early
from ekiben.gateway.app import build_app
from ekiben.gateway.host import build_state
from ekiben.gateway.webhooks.opening import open_deliverer
from ekiben.settings import load_settings
from ekiben.telemetry.logs import configure_logging
from ekiben.testing.images import toy_image_card
from ekiben.worker.listener import Listener


async def main(socket: Path) -> None:
    """Serve for ever."""
    configure_logging("json", "warning", sys.stderr, log_content=False)
    if os.environ.get("FAULTS_BUG") == EARLY_ACKNOWLEDGEMENT:
        acknowledge_early()
    state = build_state([toy_image_card()], load_settings())
    assert state.jobs is not None
    await state.jobs.start()
    open_deliverer(state.jobs).start()
    await Listener(build_app(state), socket).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
