"""FAULTS: a 200 MB line, a gzip bomb and a 200 MB error page cost less than 50 MB."""

import asyncio
import json
import sys

from workers.demo.scripted import ScriptedServer

# A process of its own, because the peak of this one has long passed whatever is measured here.
CLIENT = """
import asyncio, json, resource, sys
from contextlib import aclosing
from workers.endpoints import (
    AddressPolicy, EndpointAddress, EndpointClients, EndpointError, stream_reply
)

UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss: bytes there, kB here

async def ask(clients, model_name):
    address = EndpointAddress(base_url=sys.argv[1], model_name=model_name)
    try:
        reply = stream_reply(clients, address, [{"role": "user", "content": "hi"}])
        async with aclosing(reply) as events:
            async for _event in events:
                pass
    except EndpointError as error:
        return error.code
    return "ok"

async def main():
    async with EndpointClients(policy=AddressPolicy.allowing("127.0.0.1:1-65535")) as clients:
        codes = [await ask(clients, "juniper-8b")]
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for model_name in sys.argv[2:]:
            codes.append(await ask(clients, model_name))
        growth = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps({"codes": codes, "growth": growth * UNIT}))

asyncio.run(main())
"""


async def test_huge_bodies_cost_little_memory() -> None:
    faults = ["fault:huge-line", "fault:gzip-bomb", "fault:huge-error"]
    async with ScriptedServer(speed=50) as server:
        client = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CLIENT, server.base_url, *faults, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await client.communicate()

    measured = json.loads(output)
    assert measured["codes"] == ["ok", "too_large_line", "too_large_body", "server_failed"]
    assert measured["growth"] < 50 * 10**6
