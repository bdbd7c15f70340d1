"""What has been released: the complete releases in their folder, with addresses to download."""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse

SUMS = "SHA256SUMS"


def releases_at_hand() -> list[dict[str, Any]]:
    """Return the complete releases under `RELEASES_DIR`, the newest name first."""
    folder = Path(settings.RELEASES_DIR)
    found = sorted(folder.iterdir(), reverse=True) if folder.is_dir() else []
    return [_release(path) for path in found if is_release(path)]


def is_release(folder: Path) -> bool:
    """Return whether a folder holds a complete release."""
    return (folder / SUMS).is_file() and not (folder / ".incomplete").exists()


def _release(folder: Path) -> dict[str, Any]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = _sums(folder)
    return {
        "release": folder.name,
        "files": [
            {
                "name": str(path.relative_to(folder)),
                "bytes": path.stat().st_size,
                "sha256": sums.get(str(path.relative_to(folder)), ""),
                "address": reverse(
                    "api-1:release_file",
                    kwargs={"release": folder.name, "file": str(path.relative_to(folder))},
                ),
            }
            for path in files
        ],
    }


def _sums(folder: Path) -> dict[str, str]:
    """Return the digest of each file by name, as the release itself says; of the list, its own."""
    content = (folder / SUMS).read_bytes()
    lines = (line.split(maxsplit=1) for line in content.decode().splitlines())
    return {**{name: digest for digest, name in lines}, SUMS: hashlib.sha256(content).hexdigest()}
