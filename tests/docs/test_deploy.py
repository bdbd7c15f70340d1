"""The compose file and its image do what the README says of them."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
IMAGE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
HOME = "/srv/parity"


def test_the_image_has_what_releases_need() -> None:
    syncs = re.findall(r"uv sync [^&\\\n]*", IMAGE)
    assert len(syncs) == 2, "of the packages alone, and the last, which leaves the rest out"
    assert all("--group release" in sync for sync in syncs)


def test_what_commands_write_outlives_their_container() -> None:
    volumes = dict(volume.split(":")[:2] for volume in COMPOSE["services"]["web"]["volumes"])
    assert set(volumes) <= set(COMPOSE["volumes"])
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    written = re.findall(r"run --rm web python manage\.py (?:export_release|backup) (\S+)", readme)
    assert len(written) == 2
    for path in written:
        folder = str(Path(path).parent)
        assert f"{HOME}/{folder}" in volumes.values()
        # A new volume belongs to the program's own user only where the image has the folder.
        assert re.search(rf"mkdir -p .*{re.escape(folder)}\b", IMAGE)
