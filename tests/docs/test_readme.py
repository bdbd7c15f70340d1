import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


def kept_files(*patterns: str) -> list[Path]:
    """Return the files under version control, or about to be, in the order of their names."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    # What is listed may be deleted already, and not yet committed so.
    return sorted(path for line in listed.splitlines() if (path := ROOT / line).is_file())


def name_of(document: Path) -> str:
    return str(document.relative_to(ROOT))


# What a template becomes is read in the folder that it is written for.
DOCUMENTS = [path for path in kept_files("*.md") if not path.name.endswith(".template.md")]


def test_it_reads_the_documents_in_the_folders_too() -> None:
    assert {"README.md", "tests/faults/README.md", "ratings/README.md"} <= {
        name_of(document) for document in DOCUMENTS
    }


def variables_in(text: str) -> set[str]:
    return set(re.findall(r"\b(?:PARITY_[A-Z_]+|DATABASE_URL|REDIS_URL)\b", text))


def test_it_documents_every_setting_that_the_code_reads() -> None:
    sources = [*(ROOT / "arena").rglob("*.py"), *(ROOT / "workers").rglob("*.py")]
    read = set()
    for path in sources:
        read |= set(
            re.findall(
                r"""["'](PARITY_[A-Z_]+|DATABASE_URL|REDIS_URL)["']""",
                path.read_text(encoding="utf-8"),
            )
        )
    assert len(read) > 10
    documented = variables_in((ROOT / "README.md").read_text(encoding="utf-8"))
    assert read - documented == set()


def test_it_documents_no_setting_that_is_not_read() -> None:
    sources = [
        *(ROOT / "arena").rglob("*.py"),
        *(ROOT / "workers").rglob("*.py"),
        *(ROOT / "tests").rglob("*.py"),
        *(path for path in (ROOT / "deploy").iterdir() if path.is_file()),
    ]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    for document in DOCUMENTS:
        unknown = variables_in(document.read_text(encoding="utf-8")) - variables_in(code)
        assert unknown == set(), name_of(document)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_its_paths_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text)
    named = re.findall(
        r"`((?:arena|ratings|workers|templates|static|deploy|tests)/[\w./-]*)`", text
    )
    missing = [path for path in links if not (document.parent / path).exists()]
    missing += [path for path in named if not (ROOT / path).exists()]
    assert missing == []


def test_its_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert {"demo", "bench-live"} <= targets
    for document in DOCUMENTS:
        named = set(re.findall(r"`make ([a-z-]+)", document.read_text(encoding="utf-8")))
        assert named <= targets, name_of(document)


def test_its_commands_exist() -> None:
    ours = {path.stem for path in kept_files("arena/*management/commands/*.py")}
    assert {"demo", "add_endpoint"} <= ours
    django = {"createsuperuser", "migrate", "check", "makemigrations", "shell", "help"}
    for document in DOCUMENTS:
        named = set(re.findall(r"manage\.py ([a-z_]+)", document.read_text(encoding="utf-8")))
        assert named <= ours | django, name_of(document)


def test_every_way_to_parse_html_in_the_pages_is_named() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    parsing = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|parseFromString|\.sanitize\(")
    found = [path for path in kept_files("static/*.js") if parsing.search(path.read_text("utf-8"))]
    assert len(found) >= 3
    assert [path.name for path in found if path.name not in guide] == []


def test_it_explains_every_code_that_closes_the_socket() -> None:
    sources = [ROOT / "arena" / "battles" / name for name in ("protocol.py", "consumers.py")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    closes = set(re.findall(r"CLOSE_[A-Z_]+ = (\d{4})|\.close\((\d{4})\)", code))
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    explained = set(
        re.findall(r"\d{4}", "".join(re.findall(r"^\| (1[\d, ]+|4[\d, ]+) \|", text, re.MULTILINE)))
    )
    assert {one or other for one, other in closes} == explained
