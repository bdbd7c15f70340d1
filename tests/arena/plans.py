"""How Postgres means to find the rows of each statement that a piece of the site sends."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

_EXPLAINED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


class Plans:
    """The statements sent inside `watching` that read a whole big table.

    Attributes
    ----------
    found : dict of list of str
        By what was done: the table, and the statement.
    asked : dict of int
        How many statements were looked at, by what was done.
    """

    def __init__(self, least_rows: int) -> None:
        self.found: dict[str, list[str]] = {}
        self.asked: dict[str, int] = {}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= %s"
                " AND relnamespace = 'public'::regnamespace",
                [least_rows],
            )
            self.big = {name for (name,) in cursor.fetchall()}

    def __str__(self) -> str:
        return "\n\n".join(
            f"{deed} reads the whole of {line}"
            for deed, lines in self.found.items()
            for line in lines
        )

    @contextmanager
    def watching(self, deed: str) -> Iterator[None]:
        """Ask for the plan of each statement before it is done."""

        def explain(
            execute: Callable[..., Any], statement: str, parameters: Any, many: bool, context: Any
        ) -> Any:
            if not many and statement.lstrip().upper().startswith(_EXPLAINED):
                # A cursor of its own: that of the statement may be one on the server.
                with connection.connection.cursor() as cursor:
                    cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
                    (plans,) = cursor.fetchone()
                self._note(deed, statement, plans if isinstance(plans, list) else json.loads(plans))
            return execute(statement, parameters, many, context)

        with connection.execute_wrapper(explain):
            yield

    def explain(self, deed: str, statement: str, parameters: Any) -> None:
        """Look at a statement that Django's cursors do not see, such as that of a COPY."""
        with self.watching(deed), connection.cursor() as cursor:
            cursor.execute(statement, parameters)

    def _note(self, deed: str, statement: str, plans: list[dict[str, Any]]) -> None:
        self.asked[deed] = self.asked.get(deed, 0) + 1
        for plan in plans:
            for table in _read_whole(plan["Plan"]):
                if table in self.big:
                    self.found.setdefault(deed, []).append(f"{table}: {statement}")


def _read_whole(node: dict[str, Any]) -> Iterator[str]:
    if node["Node Type"] == "Seq Scan":
        yield node["Relation Name"]
    for child in node.get("Plans", ()):
        yield from _read_whole(child)
