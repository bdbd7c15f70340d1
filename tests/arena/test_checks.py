import os
import subprocess
import sys

import pytest
from django.core.checks import run_checks
from pytest_django import Settings


@pytest.mark.parametrize(
    ("name", "value", "identity"),
    [
        ("PACING", "fast", "parity.E001"),
        ("SAME_MODEL_SHARE", 1.0, "parity.E009"),
        ("SAME_MODEL_SHARE", -0.1, "parity.E009"),
        ("CSRF_TRUSTED_ORIGINS", ["arena.example.org"], "parity.E002"),
        ("CSRF_TRUSTED_ORIGINS", ["https://arena.example.org/path"], "parity.E002"),
        ("MAX_TURNS", 0, "parity.E003"),
        ("ENDPOINT_ALLOW", ["localhost:80"], "parity.E004"),
        ("ENDPOINT_ALLOW", ["169.254.169.254:80"], "parity.E004"),
        ("TOTAL_SECONDS", 0, "parity.E003"),
        ("TRUSTED_PROXIES", ["the proxy"], "parity.E005"),
        ("TRUSTED_PROXIES", ["10.0.0.1/8"], "parity.E005"),
    ],
)
def test_it_refuses_a_wrong_setting(
    settings: Settings, name: str, value: object, identity: str
) -> None:
    setattr(settings, name, value)
    found = [message for message in run_checks() if message.id == identity]
    assert len(found) == 1
    assert found[0].hint


def test_the_defaults_are_right() -> None:
    assert run_checks() == []


def test_it_warns_a_public_site_of_what_only_suits_a_demo() -> None:
    identities = {message.id for message in run_checks(include_deployment_checks=True)}
    assert "parity.W002" in identities


def test_what_the_secret_key_encrypted_is_read_after_a_key_was_set() -> None:
    """Whoever follows the warning locks nobody out."""
    program = "from django.conf import settings; print(settings.ENCRYPTION_KEYS)"
    environment = os.environ | {"PARITY_SECRET_KEY": "s" * 60, "PARITY_ENCRYPTION_KEYS": "new,old"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(["new", "old", "s" * 60])
