"""Pages of other sites cannot open the battle socket of a real process."""

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from arena.ids import uuid7
from tests.faults.measured import measured
from tests.faults.web_process import web_process


async def test_only_a_page_of_this_site_opens_the_socket(process: None) -> None:
    async with web_process(PARITY_ORIGINS="https://arena.example") as web:
        wrong = [
            None,
            "null",
            "https://evil.example",
            "http://arena.example",  # not the scheme that the settings name
            "https://arena.example.evil.example",
            "https://arena.example:444",
            "http://127.0.0.1",
            f"https://127.0.0.1:{web.port}",
            f"http://localhost:{web.port}",
            f"{web.url}/",
        ]
        address = f"ws://127.0.0.1:{web.port}/ws/battle/"
        cookie = {"Cookie": web.cookies(uuid7())}
        for origin in wrong:
            with pytest.raises(InvalidStatus) as refused:
                await connect(address, origin=origin, additional_headers=cookie)  # type: ignore[arg-type]
            assert refused.value.response.status_code == 403
        for origin in (web.url, "https://arena.example"):
            async with connect(address, origin=origin, additional_headers=cookie):  # type: ignore[arg-type]
                pass
    measured(8, f"{len(wrong)} wrong origins refused with 403, 2 right ones let in")
