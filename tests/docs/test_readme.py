import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = sorted(ROOT.glob("*.md"))


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
        assert unknown == set(), document.name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_its_paths_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text)
    named = re.findall(
        r"`((?:arena|ratings|workers|templates|static|deploy|tests)/[\w./-]*)`", text
    )
    missing = [path for path in {*links, *named} if not (ROOT / path).exists()]
    assert missing == []


def test_its_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    assert targets
    for document in DOCUMENTS:
        named = set(re.findall(r"`make ([a-z]+)", document.read_text(encoding="utf-8")))
        assert named <= targets, document.name


def test_its_commands_exist() -> None:
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "arena"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    ours = {Path(name).stem for name in files if "/management/commands/" in name}
    django = {"createsuperuser", "migrate", "check", "makemigrations", "shell", "help"}
    assert ours
    for document in DOCUMENTS:
        named = set(re.findall(r"manage\.py ([a-z_]+)", document.read_text(encoding="utf-8")))
        assert named <= ours | django, document.name
