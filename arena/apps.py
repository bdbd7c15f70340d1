from django.apps import AppConfig


class ArenaConfig(AppConfig):
    name = "arena"

    def ready(self) -> None:
        from arena import checks  # noqa: F401, PLC0415  registers the system checks
