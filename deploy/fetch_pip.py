#!/usr/bin/env python
"""Downloads pip's wheel from PyPI into a folder and prints the path at which it runs.

For a Python without pip and venv, as Debian ships it. Needs the standard library alone. The index
is that of PIP_INDEX_URL, if set. The index names the wheel's hash, and the wheel must have it.
"""

import hashlib
import html
import os
import re
import sys
import urllib.parse
import urllib.request
from pathlib import Path

INDEX = (os.environ.get("PIP_INDEX_URL") or "https://pypi.org/simple").rstrip("/")
# Releases only, from a page in HTML: every index has that one, and few mirrors any other.
LINK = re.compile(r'<a [^>]*href="([^"]*/pip-([\d.]+)-py3-none-any\.whl)#sha256=([0-9a-f]{64})"')
SECONDS = 60


def main(folder: Path) -> int:
    """Download the newest wheel; return the process's exit status."""
    page = f"{INDEX}/pip/"
    try:
        links = LINK.findall(read(page).decode())
        if not links:
            return refuse(f"{page} lists no wheel of pip.")
        address, version, digest = max(links, key=lambda link: [int(n) for n in link[1].split(".")])
        wheel = read(urllib.parse.urljoin(page, html.unescape(address)))
    except OSError as error:
        return refuse(f"{page} cannot be read: {error}")
    if hashlib.sha256(wheel).hexdigest() != digest:
        return refuse(f"The wheel of pip {version} is not the one that {page} lists.")
    path = folder / f"pip-{version}-py3-none-any.whl"
    path.write_bytes(wheel)
    sys.stdout.write(f"{path}/pip\n")
    return 0


def read(url: str) -> bytes:
    """Return what is at a URL."""
    with urllib.request.urlopen(url, timeout=SECONDS) as response:  # noqa: S310  the index's own
        content: bytes = response.read()
    return content


def refuse(sentence: str) -> int:
    """Say why there is no pip; return the exit status."""
    sys.stderr.write(f"{sentence}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
