"""Language models in GGUF on llama.cpp, inside this process.

llama.cpp brings its own server: slots that join and leave one running batch, templates, tokenizers, stop texts. It is
started here on a Unix socket in a folder that only this user can enter, and asked over it: that way a caller who
leaves is noticed while the prompt is still being read, and no thread of Python's waits for tokens. While it loads and
unloads, it keeps the interpreter to itself.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import xllamacpp

from ekiben.cards.card import Card, Generation
from ekiben.devices.memory import give_memory_back
from ekiben.errors import ContextLengthExceeded, WeightsError
from ekiben.inference.generation import GenerationRequest, Message, TextStream
from ekiben.runtimes.openai_payload import body_of, path_of
from ekiben.runtimes.openai_server import ModelServer, ServerStream

_ROOT: Final = "http://llama"
_ERRORS_ONLY: Final = 1
# For counting tokens beside the answers that are being written.
_SPARE_HTTP_THREADS: Final = 4
# llama.cpp's seeds have 32 bits, and the highest of them means "any".
_SEEDS: Final = 2**32 - 1
_WARM_UP: Final = GenerationRequest(prompt=(Message("user", "Hello"),), max_tokens=2, stream=False)


class LlamaCpp:
    """See `ekiben.inference.generation.Generator`.

    Args:
        card: `generation` and `batch` say how many answers are written at once, and how long they may be.
        files: Folder with `model.gguf`.
        threads: CPU threads for computing.

    Raises:
        WeightsError: The file is missing or is no model that this llama.cpp can load.
    """

    def __init__(self, card: Card, files: Path, threads: int) -> None:
        self.device = "cpu" if not card.resources.gpu else "gpu"
        self._limits = _limits(card)
        # Private to this user, as TemporaryDirectory makes it: whoever can connect can generate.
        self._folder = TemporaryDirectory(prefix="ekiben-", ignore_cleanup_errors=True)
        socket = Path(self._folder.name) / "llama.sock"
        path = files / "model.gguf"
        if not path.is_file():
            raise WeightsError(f"{path.name}: no such file")
        try:
            self._llama: Any = xllamacpp.Server(_parameters(card, path, socket, threads))
        except RuntimeError as error:
            raise WeightsError(f"{path.name}: llama.cpp cannot load it.") from error
        self._server = ModelServer(_ROOT, socket=socket)

    @property
    def ready(self) -> bool:
        """Whether it is loaded."""
        return self._llama is not None

    async def warm_up(self) -> None:
        """Write two tokens, through template, tokenizer and sampler."""
        stream = await self.open(_WARM_UP)
        async for _ in stream:
            pass

    async def prepare(self, request: GenerationRequest) -> GenerationRequest:
        """Count the prompt's tokens and settle how long the answer may get.

        Raises:
            ContextLengthExceeded: Prompt and answer do not fit.
        """
        room = self._limits.context_tokens - await self._count(request)
        if room < max(1, request.max_tokens or 1):
            raise self._too_long(request, self._limits.context_tokens - room)
        return replace(request, max_tokens=request.max_tokens or min(room, self._limits.max_tokens))

    async def open(self, request: GenerationRequest) -> TextStream:
        """Begin; the request is sent with the first look at the stream, which always finds a free slot."""
        # Progress is written while the prompt is read: llama.cpp notices that a caller has left when it writes.
        body = {**body_of(_as_sent(request), "model"), "reasoning_format": "none", "return_progress": True}
        # Text that is to come out the same again must not depend on what a slot happens to remember.
        body["cache_prompt"] = request.sampling.seed is None
        path = f"v1/{path_of(request)}"
        return ServerStream(self._server, path, body, top_logprobs=request.top_logprobs)

    async def close(self) -> None:
        """End llama.cpp and give its memory back to the system."""
        await self._server.close()
        llama, self._llama = self._llama, None
        if llama is not None:
            await asyncio.to_thread(_end, [llama])
        self._folder.cleanup()

    async def _count(self, request: GenerationRequest) -> int:
        if isinstance(request.prompt, str):
            answer = await self._server.ask("tokenize", {"content": request.prompt, "add_special": True})
            return len(answer["tokens"])
        body = body_of(request, "model")
        answer = await self._server.ask("v1/chat/completions/input_tokens", {"messages": body["messages"]})
        return int(answer["input_tokens"])

    def _too_long(self, request: GenerationRequest, prompt_tokens: int) -> ContextLengthExceeded:
        context = self._limits.context_tokens
        wanted = f" and {request.max_tokens} of the answer" if request.max_tokens else ""
        return ContextLengthExceeded(
            f"this model's context holds {context} tokens; the request has {prompt_tokens} of the prompt{wanted}. "
            "Shorten the prompt or ask for fewer tokens.",
            param="prompt" if isinstance(request.prompt, str) else "messages",
        )


def _limits(card: Card) -> Generation:
    if card.generation is None:
        raise WeightsError(f"{card.name}: its card has no generation section.")
    return card.generation


def _parameters(card: Card, path: Path, socket: Path, threads: int) -> Any:
    slots = card.batch.max_items
    made = xllamacpp.CommonParams()
    made.model.path = str(path)
    made.hostnames = [str(socket)]
    made.n_parallel = slots
    made.n_ctx = slots * _limits(card).context_tokens  # Divided evenly: no answer can take another's room.
    made.n_batch = made.n_ubatch = card.batch.max_cost
    for pool in (made.cpuparams, made.cpuparams_batch):
        pool.n_threads = threads
        # Waiting threads that spin burn the cores which the gateway and the other models need.
        pool.poll = 0
    made.n_threads_http = slots + _SPARE_HTTP_THREADS
    made.n_gpu_layers = -1 if card.resources.gpu else 0
    made.cache_ram_mib = 0  # Up to 8 GiB of former prompts otherwise, which no plan knows of.
    made.ui = False
    made.verbosity = _ERRORS_ONLY  # More of it would log prompts.
    return made


def _as_sent(request: GenerationRequest) -> GenerationRequest:
    """The request within what llama.cpp understands: its seeds, and no alternatives are no log probabilities to it."""
    seed, tops = request.sampling.seed, request.top_logprobs
    sampling = request.sampling if seed is None else replace(request.sampling, seed=seed % _SEEDS)
    return replace(request, sampling=sampling, top_logprobs=None if tops is None else max(1, tops))


def _end(held: list[Any]) -> None:
    """Drop the last reference, which ends the server and its threads."""
    held.clear()
    give_memory_back()
