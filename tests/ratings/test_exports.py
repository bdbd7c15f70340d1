"""The package's front door: every name is there, and opening it costs little."""

import ast
from pathlib import Path

import pytest

import ratings


@pytest.mark.parametrize("name", ratings.__all__)
def test_every_exported_name_is_there(name: str) -> None:
    assert getattr(ratings, name).__name__ == name
    assert name in dir(ratings)


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(ratings.__file__).read_text(encoding="utf-8"))
    [block] = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        (alias.name, node.module)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    homes = {(name, f"ratings.{home}") for name, home in ratings._HOME.items()}
    assert seen == homes
    assert sorted(ratings.__all__) == sorted(ratings._HOME)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'fit_everything'"):
        ratings.fit_everything  # noqa: B018 - the access is the test
