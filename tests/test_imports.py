"""The arrows between packages, as ARCHITECTURE.md draws them, read from the imports."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Each package may import these packages of the project; a prefix stands for what is below it.
ALLOWED: dict[str, set[str]] = {
    "ratings": {"ratings"},
    "workers": {"workers"},
    "arena.embedded": {"arena.embedded"},
    "arena.voters": {
        *("arena.voters", "arena.bodies", "arena.connections", "arena.ids", "arena.locks"),
        "arena.read_only",
    },
    "arena.catalog": {
        *("arena.catalog", "arena.connections", "arena.ids", "arena.locks", "arena.only_one"),
        *("arena.read_only", "workers.endpoints"),
    },
    "arena.battles": {
        *("arena.battles", "arena.bodies", "arena.catalog", "arena.voters", "arena.ids"),
        *("arena.connections", "arena.environment", "arena.locks", "arena.read_only"),
        *("workers.endpoints", "workers.alarm"),
    },
    "arena.staff": {"arena.staff", "arena.catalog", "arena.read_only"},
    "arena.integrity": {
        *("arena.integrity", "arena.battles", "arena.catalog", "arena.voters"),
        *("arena.locks", "arena.only_one", "arena.read_only", "workers.endpoints"),
    },
    "arena.boards": {
        *("arena.boards", "arena.integrity", "arena.battles", "arena.catalog", "arena.voters"),
        *("arena.ids", "arena.locks", "arena.read_only", "ratings"),
        "arena.staff.models",
    },
    "arena.operating": {
        *("arena.operating", "arena.boards", "arena.integrity", "arena.battles", "arena.catalog"),
        *("arena.connections", "arena.locks", "arena.read_only"),
        *("workers.endpoints", "workers.webhook"),
    },
}
PROJECT = ("ratings", "workers", "arena", "tests")
NO_DJANGO = ("ratings", "workers", "arena.embedded")


def modules(package: str) -> list[Path]:
    """Return the source files of a package, without migrations."""
    found = (ROOT / package.replace(".", "/")).rglob("*.py")
    return sorted(path for path in found if "migrations" not in path.parts)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and absolute dotted name of each import of a file, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} has a relative import"
            module = node.module or ""
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def is_in(name: str, packages: set[str] | tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("package", ALLOWED)
def test_it_imports_only_what_the_arrows_allow(package: str) -> None:
    files = modules(package)
    assert files, f"{package} has no modules: the test looks in the wrong place"
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in files
        for line, name in imports(path)
        if is_in(name, PROJECT) and not is_in(name, ALLOWED[package])
    ]
    assert wrong == []


@pytest.mark.parametrize("package", NO_DJANGO)
def test_it_knows_nothing_of_django(package: str) -> None:
    files = modules(package)
    assert files
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in files
        for line, name in imports(path)
        if is_in(name, ("django", "channels"))
    ]
    assert wrong == []


@pytest.mark.parametrize("package", ["arena", *ALLOWED])
def test_each_package_says_what_lives_there_and_what_it_must_not_import(package: str) -> None:
    source = (ROOT / package.replace(".", "/") / "__init__.py").read_text(encoding="utf-8")
    docstring = ast.get_docstring(ast.parse(source))
    assert docstring is not None
    assert len(docstring.splitlines()) >= 3
    assert "import" in docstring
