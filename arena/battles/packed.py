"""Commands to Redis, many at once, at less than half of what redis-py's pipeline costs."""

from collections.abc import Sequence

import hiredis
import redis.asyncio

type Command = tuple[str, ...]


async def send_packed(client: redis.asyncio.Redis, commands: Sequence[Command]) -> None:
    """Send commands in one piece and wait until all are answered; the answers are dropped.

    Raises
    ------
    redis.exceptions.RedisError, OSError
        When one was refused or Redis is away; nobody knows then which of them were done.
    """
    pool = client.connection_pool
    connection = await pool.get_connection()  # type: ignore[no-untyped-call]
    try:
        packed = [hiredis.pack_command(command) for command in commands]  # type: ignore[arg-type]
        await connection.send_packed_command(b"".join(packed))
        for _ in commands:
            await connection.read_response()
    except BaseException:
        await connection.disconnect(nowait=True)  # answers to what was sent may still come
        raise
    finally:
        await pool.release(connection)
