"""The scripted server on the fastest event loop at hand: it must not be what is measured."""

import uvloop

from workers.demo.model_server import serve_until_stopped
from workers.demo.scripted import ScriptedServer

if __name__ == "__main__":
    uvloop.run(serve_until_stopped(ScriptedServer()))
