"""HTTP routes. A language may stand before each: see `arena.languages`."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from arena import health, languages, static_files
from arena.boards.api import api

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics_page),
    path("api/v1/", api.urls),
    path("favicon.ico", static_files.favicon),
    path("i18n/setlang/", languages.choose_language, name="set_language"),
    path("admin/account/", include("arena.staff.urls")),
    path("admin/", admin.site.urls),
    path("me/account/", include("arena.voters.accounts.urls")),
    path("", include("arena.battles.urls")),
    path("", include("arena.boards.urls")),
]
if settings.DEBUG:
    urlpatterns.insert(0, path("styleguide/", include("arena.styleguide")))
handler404 = "arena.errors.not_found"
handler500 = "arena.errors.server_error"
handler403 = "arena.errors.forbidden"
handler400 = "arena.errors.bad_request"
