"""A member of staff in front of the admin."""

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def staff(db: None) -> User:
    """Return an account that may do everything."""
    return User.objects.create_superuser("staff", password="unused")


@pytest.fixture
def client(staff: User) -> Client:
    """Return a browser that is logged in."""
    client = Client()
    client.force_login(staff)
    return client
