"""Hashed names: a module's imports follow, other people's loose ends do not stop us."""

from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import FileSystemFinder
from django.test import AsyncClient, override_settings

from arena.static_files import HashedModulesStorage

ROOT = Path(__file__).resolve().parent.parent.parent


def _collect(source: Path, target: Path) -> HashedModulesStorage:
    with override_settings(STATICFILES_DIRS=[source], STATIC_ROOT=target):
        storage = HashedModulesStorage(location=str(target))
        found = {name: (place, name) for name, place in FileSystemFinder().list([])}
        for name, (place, _) in found.items():
            with place.open(name) as file:
                storage.save(name, file)
        for _name, _hashed, outcome in storage.post_process(found):
            if isinstance(outcome, Exception):
                raise outcome
    return storage


def _write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_imports_are_rewritten_to_hashed_names(tmp_path: Path) -> None:
    source = _write(
        tmp_path / "source",
        {
            "battles/main.js": 'import { one } from "./one.js";\nimport("../vendor/big.js");\n',
            "battles/one.js": "export const one = () => 1;\n",
            "vendor/big.js": "export default 1;\n",
        },
    )
    storage = _collect(source, tmp_path / "target")
    text = (tmp_path / "target" / storage.stored_name("battles/main.js")).read_text()
    assert Path(storage.stored_name("battles/one.js")).name in text
    assert Path(storage.stored_name("vendor/big.js")).name in text
    assert '"./one.js"' not in text


def test_a_loose_end_in_another_s_file_stays_as_it_is(tmp_path: Path) -> None:
    loose = 'import x from "./missing.js";\n//# sourceMappingURL=missing.map\n'
    source = _write(tmp_path / "source", {"vendor/loose.js": loose})
    storage = _collect(source, tmp_path / "target")
    assert (tmp_path / "target" / storage.stored_name("vendor/loose.js")).read_text() == loose


OWN_FOLDERS = sorted(path.name for path in (ROOT / "static").iterdir() if path.is_dir())


def test_there_are_folders_of_our_own() -> None:
    assert {"battles", "catalog", "site", "voters"} <= set(OWN_FOLDERS)


@pytest.mark.parametrize("folder", OWN_FOLDERS)
def test_a_loose_end_in_our_own_file_is_an_error(tmp_path: Path, folder: str) -> None:
    source = _write(tmp_path / "source", {f"{folder}/main.js": 'import x from "./missing.js";\n'})
    with pytest.raises(ValueError, match=r"missing\.js"):
        _collect(source, tmp_path / "target")


def test_names_stay_plain_before_files_are_collected(tmp_path: Path) -> None:
    storage = HashedModulesStorage(location=str(tmp_path))
    assert storage.stored_name("site/base.css") == "site/base.css"


async def test_files_are_answered_whole_in_part_and_not_again(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("0123456789")
    with override_settings(STATIC_ROOT=tmp_path):
        client = AsyncClient()
        # A warning of Django's about a synchronous stream would fail this test.
        whole = await client.get("/static/one.txt")
        part = await client.get("/static/one.txt", headers={"Range": "bytes=2-4"})
        head = await client.head("/static/one.txt")
        again = await client.get("/static/one.txt", headers={"If-None-Match": whole["ETag"]})
    assert (whole.status_code, whole.content) == (200, b"0123456789")
    assert whole["Content-Type"].startswith("text/plain")
    assert (part.status_code, part.content) == (206, b"234")
    assert part["Content-Length"] == "3"
    assert (head.status_code, head.content, head["Content-Length"]) == (200, b"", "10")
    assert (again.status_code, again.content) == (304, b"")
    assert "Content-Type" not in again


async def test_the_favicon_is_found_where_browsers_ask_for_it(async_client: AsyncClient) -> None:
    answer = await async_client.get("/favicon.ico")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/static/site/favicon")
    picture = ROOT / "static" / "site" / "favicon.ico"
    assert picture.read_bytes()[:4] == b"\x00\x00\x01\x00"
