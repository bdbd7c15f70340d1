"""The ASGI entry: HTTP to Django, the battle socket to its consumer."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "arena.settings")
django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402

from arena.battles.consumers import BattleConsumer  # noqa: E402
from arena.battles.lifespan import lifespan  # noqa: E402
from arena.battles.origin import SameOriginOnly  # noqa: E402
from arena.gate import HttpGate, SocketGate  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": HttpGate(django_application),
        "websocket": SameOriginOnly(
            SocketGate(URLRouter([path("ws/battle/", BattleConsumer.as_asgi())]))
        ),
        "lifespan": lifespan,
    }
)
