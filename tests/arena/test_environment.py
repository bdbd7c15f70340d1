import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from arena import environment


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("Yes", True), ("off", False)])
def test_it_reads_a_truth_value(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: bool
) -> None:
    monkeypatch.setenv("PARITY_X", value)
    assert environment.boolean("PARITY_X", default=not expected) is expected


def test_it_refuses_what_is_no_truth_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_X", "maybe")
    with pytest.raises(ImproperlyConfigured, match="PARITY_X is 'maybe': write 1 or 0"):
        environment.boolean("PARITY_X", default=False)


@pytest.mark.parametrize("value", ["-1", "three", "nan", "inf"])
def test_it_refuses_what_is_no_number(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PARITY_X", value)
    with pytest.raises(ImproperlyConfigured, match="PARITY_X"):
        environment.number("PARITY_X", default=1)


def test_it_refuses_a_fraction_for_a_whole_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_X", "2.5")
    with pytest.raises(ImproperlyConfigured, match="whole number"):
        environment.integer("PARITY_X", default=1)


def test_it_splits_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_X", " a, b ,,c")
    assert environment.words("PARITY_X", default=["z"]) == ["a", "b", "c"]
    monkeypatch.delenv("PARITY_X")
    assert environment.words("PARITY_X", default=["z"]) == ["z"]


def test_it_reads_a_database_url() -> None:
    found = environment.database_from_url(
        "postgresql://ann%40x:p%2Fw@db.example:6432/parity?sslmode=require"
    )
    assert (found["USER"], found["PASSWORD"]) == ("ann@x", "p/w")
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db.example", "6432", "parity")
    assert found["OPTIONS"]["sslmode"] == "require"


def test_it_reads_a_socket_folder_from_a_database_url() -> None:
    found = environment.database_from_url("postgresql://parity@/parity?host=/run/folder")
    assert (found["HOST"], found["PORT"]) == ("/run/folder", "")


def test_it_refuses_another_database() -> None:
    with pytest.raises(ImproperlyConfigured, match="Parity needs Postgres"):
        environment.database_from_url("mysql://root@localhost/parity")


def test_it_makes_a_secret_once_and_for_us_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(environment, "LOCAL_DIR", tmp_path / "local")
    monkeypatch.delenv("PARITY_X", raising=False)
    with ThreadPoolExecutor(4) as threads:
        secrets = {
            future.result()
            for future in [
                threads.submit(environment.local_secret, "PARITY_X", "secret") for _ in range(8)
            ]
        }
    assert len(secrets) == 1
    assert len(secrets.pop()) > 50
    path = tmp_path / "local" / "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in path.parent.iterdir()] == ["secret"]


def test_a_secret_in_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_X", "given")
    assert environment.local_secret("PARITY_X", "secret") == "given"
