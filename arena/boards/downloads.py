"""What has been released: the complete releases in their folder, with addresses to download."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse


def releases_at_hand() -> list[dict[str, Any]]:
    """Return the complete releases under `RELEASES_DIR`, the newest name first."""
    folder = Path(settings.RELEASES_DIR)
    found = sorted(folder.iterdir(), reverse=True) if folder.is_dir() else []
    return [_release(path) for path in found if is_release(path)]


def is_release(folder: Path) -> bool:
    """Return whether a folder holds a complete release."""
    return (folder / "SHA256SUMS").is_file() and not (folder / ".incomplete").exists()


def _release(folder: Path) -> dict[str, Any]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        "release": folder.name,
        "files": [
            {
                "name": str(path.relative_to(folder)),
                "bytes": path.stat().st_size,
                "address": reverse(
                    "api-1:release_file",
                    kwargs={"release": folder.name, "file": str(path.relative_to(folder))},
                ),
            }
            for path in files
        ],
    }
