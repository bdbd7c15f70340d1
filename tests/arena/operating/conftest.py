"""A member of staff in front of the admin."""

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def staff_client(db: None) -> Client:
    """Return a browser that is logged in, and may do everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("staff", password="unused"))
    return client
