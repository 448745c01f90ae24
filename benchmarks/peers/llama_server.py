"""llama.cpp's own HTTP server, as its package brings it: `python -m benchmarks.peers.llama_server PORT THREADS`."""

from __future__ import annotations

import signal
import sys

import xllamacpp

from benchmarks.model import GENERATOR, find


def main(port: int, threads: int) -> None:
    """Serve the model with as many slots and as much context as its card says, until told to stop."""
    found = find(GENERATOR)
    card = found.card
    assert card.generation is not None
    made = xllamacpp.CommonParams()
    made.model.path, made.port = str(found.files / "model.gguf"), port
    made.n_parallel = card.batch.max_items
    made.n_ctx = made.n_parallel * card.generation.context_tokens
    made.n_batch = made.n_ubatch = card.batch.max_cost
    made.cpuparams.n_threads = made.cpuparams_batch.n_threads = threads
    made.n_threads_http = 2 * made.n_parallel
    made.cache_ram_mib = 0
    made.verbosity = 1
    server = xllamacpp.Server(made)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    del server


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
