"""The two servers compared; both speak OpenAI's API, so that they are asked alike."""

from __future__ import annotations

import sys

from benchmarks.ekiben_server import ekiben_command
from benchmarks.harness.processes import Command
from benchmarks.model import GENERATOR


def ekiben() -> Command:
    """Ekiben's gateway and one worker."""
    return ekiben_command(GENERATOR)


def llama(threads: int) -> Command:
    """llama.cpp's own server."""
    arguments = [sys.executable, "-m", "benchmarks.peers.llama_server", "{port}", str(threads)]
    return Command("llama", arguments, {}, "/health")
