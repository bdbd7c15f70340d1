"""How long a question that was not answered waits before it is put again."""

import datetime as dt

_SECONDS = (10, 60, 300, 1800, 7200)


def pause_after(attempts: int) -> dt.timedelta:
    """Return the pause after so many attempts, one or more; it grows to two hours."""
    return dt.timedelta(seconds=_SECONDS[min(attempts, len(_SECONDS)) - 1])
