"""Work that waits for servers: in a thread beside the job, which goes on at once."""

import threading
from collections.abc import Callable

from django.db import close_old_connections, connections


def in_background(work: Callable[[], object], name: str) -> None:
    """Start work in a thread with connections of its own; it dies with the process."""

    def run() -> None:
        close_old_connections()
        try:
            work()
        finally:
            connections.close_all()

    threading.Thread(target=run, name=name, daemon=True).start()
