import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_its_first_example_runs() -> None:
    text = (ROOT / "ratings" / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    ran = subprocess.run(
        [sys.executable, "-c", example], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_its_command_line_options_exist() -> None:
    text = (ROOT / "ratings" / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(--[a-z-]+)", text))
    assert named
    shown = subprocess.run(
        [sys.executable, "-m", "ratings", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert all(option in shown for option in named)


def test_the_measurements_it_links_to_are_there() -> None:
    text = (ROOT / "ratings" / "README.md").read_text(encoding="utf-8")
    linked = re.findall(r"\]\((docs/[^)]+)\)", text)
    assert linked
    assert [path for path in linked if not (ROOT / "ratings" / path).exists()] == []
