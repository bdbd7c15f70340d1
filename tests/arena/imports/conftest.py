"""Vote files that the tests write, and the command that imports them."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

type Write = Callable[..., Path]
type Import = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file: text or bytes as they are, rows as a JSON array."""

    def write_file(content: Any, name: str = "votes.csv") -> Path:
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_text(content, encoding="utf-8", newline="")
        else:
            path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def import_votes() -> Import:
    """Run the command and return what it says."""

    def run(path: Path, *options: str) -> str:
        output = StringIO()
        call_command("import_votes", str(path), *options, stdout=output)
        return output.getvalue()

    return run
