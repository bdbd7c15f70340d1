"""The embedded Valkey, which speaks the Redis protocol."""

import signal
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from arena.embedded.layout import Layout
from arena.embedded.programs import Programs
from arena.embedded.server import Server

_MAX_LOG_BYTES = 10_000_000
_SETTINGS = {
    "port": "0",  # the socket only
    "unixsocketperm": "700",
    "appendonly": "yes",  # a confirmed write survives `kill -9`; a power cut costs one second
    "appendfsync": "everysec",
    "save": "",  # the append-only file starts with a snapshot of its own
    "set-proc-title": "no",  # the command line is how we know it again
    "maxmemory-policy": "noeviction",
}


def redis_url(layout: Layout) -> str:
    """Return the URL of database 0, as redis-py reads it."""
    return f"unix://{quote(str(_socket(layout)))}?db=0"


def broker_url(layout: Layout) -> str:
    """Return the URL of database 0, as Celery reads it."""
    return f"redis+socket://{quote(str(_socket(layout)))}?virtual_host=0"


def _socket(layout: Layout) -> Path:
    return layout.sockets / "valkey.sock"


class Valkey(Server):
    """The Valkey of a layout."""

    name: ClassVar[str] = "Valkey"
    program: ClassVar[str] = "valkey-server"
    graceful: ClassVar[signal.Signals] = signal.SIGTERM
    forceful: ClassVar[signal.Signals] = signal.SIGKILL

    @property
    def folder(self) -> Path:
        """The data folder."""
        return self.layout.valkey

    @property
    def socket(self) -> Path:
        """The socket it listens on."""
        return _socket(self.layout)

    @property
    def pid_file(self) -> Path:
        """The file that holds the server's pid."""
        return self.folder / "valkey.pid"

    @property
    def _server_log(self) -> Path:
        return self.layout.logs / "valkey.log"

    def command(self, programs: Programs) -> list[str]:
        """Return the command line; settings stand here, so that old data get new settings."""
        settings = _SETTINGS | {
            "dir": str(self.folder),
            "unixsocket": str(self.socket),
            "pidfile": str(self.pid_file),
            "logfile": str(self._server_log),
        }
        options = [word for name, value in settings.items() for word in (f"--{name}", value)]
        return [str(programs.valkey), *options]

    def answers(self) -> bool:
        """Return whether a client gets its PING back; while it loads data it does not."""
        client = redis.Redis(
            unix_socket_path=str(self.socket),
            socket_timeout=2.0,
            socket_connect_timeout=2.0,
            retry=Retry(NoBackoff(), 0),
        )
        try:
            client.ping()
        except (redis.RedisError, OSError):
            return False
        finally:
            client.close()
        return True

    def prepare(self, programs: Programs) -> None:
        """Put a log aside that grew large; Valkey itself never does."""
        log = self._server_log
        if log.exists() and log.stat().st_size > _MAX_LOG_BYTES:
            log.rename(log.with_suffix(".log.1"))

    def complete(self) -> None:
        """Do nothing: database 0 is always there."""

    def _logs(self) -> list[Path]:
        return [self._server_log, self._log]
