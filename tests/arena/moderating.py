"""A check of texts for tests: the scripted moderation server as this site's own."""

from typing import Any

from arena.catalog.models import Moderation, Provider
from workers.demo.moderating import ModerationServer


def set_up_check(server: ModerationServer, mode: str, **fields: Any) -> Moderation:
    """Make a server the site's check; it may take as long as a busy machine needs."""
    provider = Provider(name="judge", base_url=server.base_url)
    provider.set_api_key("judge-key-0123456789")
    provider.save()
    return Moderation.objects.create(provider=provider, mode=mode, **{"seconds": 30.0, **fields})
