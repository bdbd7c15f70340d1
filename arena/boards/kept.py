"""What was made for one reader and serves the next: a small store in each process."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable


class Kept[Made: (bytes, dict[str, str])]:
    """The last few results by key. Keys say all that a result depends on, so none goes stale."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: OrderedDict[Hashable, Made] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()
        _stores.append(self)

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what was made for a key, or make it now; readers who come meanwhile wait for it.

        If each made it for itself, all would be slow whenever a page is due again.
        """
        with self._lock:
            if key in self._made:
                return self._again(key)
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._made:
                    return self._again(key)
            try:
                made = make()
                self._keep(key, made)
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return made

    def _keep(self, key: Hashable, made: Made) -> None:
        with self._lock:
            self._made[key] = made
            while len(self._made) > self._most:
                self._made.popitem(last=False)

    def _again(self, key: Hashable) -> Made:
        self._made.move_to_end(key)
        return self._made[key]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._made.clear()


_stores: list["Kept[bytes] | Kept[dict[str, str]]"] = []


def forget_everything() -> None:
    """Empty every store: tests begin each with a database of their own."""
    for store in _stores:
        store.clear()
